"""What every screen that covers the main one understands, beside its own keys."""

from typing import Protocol

from koonj.tui.commands.application import Repaint
from koonj.tui.commands.command import Command, HasApp, HasPane
from koonj.tui.commands.navigation import MOVING


class Covering(HasApp, HasPane, Protocol):
    """A screen that covers the main one, and has a pane."""


COVERING: tuple[Command[Covering], ...] = (*MOVING, Repaint())
"""Moving its pane; and a screen that was written over is drawn anew whatever it shows."""
