"""The bottom line's keys, from the commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from koonj.tui.commands import MAIN
from koonj.tui.commands.command import shown_key
from koonj.tui.widgets.bottom_line import Hint

if TYPE_CHECKING:
    from koonj.tui.screens.main import Main


def hints(screen: Main) -> tuple[Hint, ...]:
    """What matters in the focused pane; what cannot be used now is dim."""
    running = screen.control.running
    shown = [c for c in MAIN if screen.pane.NUMBER in c.footer and c.while_running >= running]
    return tuple(
        Hint(shown_key(c.key), c.label, c.why_not(screen) is None)
        for c in shown
        if running or not c.while_running or c.why_not(screen) is None
    )
