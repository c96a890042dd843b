"""A row of a list, with a bar at the cursor. Its states keep their colours on the fill."""

from __future__ import annotations

from collections.abc import Iterable

from textual.strip import Strip

from koonj.tui.theme import DIM, MARKED, PLAIN, RULE, STRONG
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


def with_cursor(line: Strip, *, has_fills: bool) -> Strip:
    """Return a line of text with the cursor in its first cell; its pane has the focus."""
    mark, ground = ((BAR, HERE), MARKED) if has_fills else (("›", STRONG), PLAIN)
    return Strip.join([strip([mark], 1), line.crop(1)]).apply_style(ground)
