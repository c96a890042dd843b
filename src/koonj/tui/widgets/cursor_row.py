"""A row of a list, with a bar at the cursor. Its states keep their colours on the fill."""

from __future__ import annotations

from collections.abc import Iterable

from textual.strip import Strip

from koonj.tui.theme import DIM, MARKED, PLAIN, RULE
from koonj.tui.theme.fills import HERE, LIFTED
from koonj.tui.toolkit.strips import Part, strip

BAR = "▌"


def cursor_row(parts: Iterable[Part], width: int, *, is_current: bool, focused: bool) -> Strip:
    """Return the row; `focused` says whether its pane has the focus."""
    if not is_current:
        return strip([(" ", PLAIN), *parts], width)
    bar, ground = (HERE, MARKED) if focused else (DIM, LIFTED)
    return strip([(BAR, bar), *parts], width).apply_style(ground)


def rule(width: int) -> Strip:
    """Return the line between the rows of a list and what is known of the current one."""
    return strip([(" " + "─" * max(0, width - 2), RULE)], width)
