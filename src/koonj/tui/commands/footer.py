"""The bottom line's keys, from the commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from koonj.tui.commands import MAIN
from koonj.tui.commands.command import Command
from koonj.tui.widgets.bottom_line import Hint

if TYPE_CHECKING:
    from koonj.tui.screens.main import Main


def hints(screen: Main) -> tuple[Hint, ...]:
    """What matters in the focused pane; what cannot be used now is dim."""
    running, keys = screen.control.running, screen.keymap
    shown = [
        c for c in MAIN if screen.pane.NUMBER in c.footer and c.while_running >= running and keys.shown(c)
    ]
    offered = [(c, c.why_not(screen)) for c in shown]
    return tuple(
        Hint(keys.shown(c)[0], c.label, reason is None, c.name(), _help(c, reason))
        for c, reason in offered
        if running or not c.while_running or reason is None
    )


def _help(command: Command, reason: str | None) -> str:
    return command.help() if reason is None else f"{command.help()}\n\nNot now: {reason}"
