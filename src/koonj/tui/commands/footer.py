"""The bottom line's keys, from the commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from koonj.tui.commands import MAIN
from koonj.tui.commands.command import Command, shown_key
from koonj.tui.widgets.bottom_line import Hint

if TYPE_CHECKING:
    from koonj.tui.screens.main import Main


def hints(screen: Main) -> tuple[Hint, ...]:
    """What matters in the focused pane; what cannot be used now is dim."""
    running = screen.control.running
    shown = [c for c in MAIN if screen.pane.NUMBER in c.footer and c.while_running >= running]
    offered = [(c, c.why_not(screen)) for c in shown]
    return tuple(
        Hint(shown_key(c.key), c.label, reason is None, c.name(), _help(c, reason))
        for c, reason in offered
        if running or not c.while_running or reason is None
    )


def _help(command: Command, reason: str | None) -> str:
    return command.help() if reason is None else f"{command.help()}\n\nNot now: {reason}"
