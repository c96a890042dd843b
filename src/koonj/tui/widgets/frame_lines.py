"""The lines around a pane: titles stand in them, and their colour shows the focus."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from koonj.sql.display import visible
from koonj.tui.theme import DIM, PLAIN, RAISED, RULE
from koonj.tui.theme.fills import filled, inked
from koonj.tui.toolkit.strips import Part, cut, strip

Corners = tuple[str, str]
TOP: Corners = ("╭", "╮")
BOTTOM: Corners = ("╰", "╯")
OPEN: Corners = ("", "")
"""A title without a border below it."""
HEAVY_TOP: Corners = ("┏", "┓")
HEAVY_BOTTOM: Corners = ("┗", "┛")
_HEAVY = frozenset("┏┗┣")


def cells(parts: Sequence[Part]) -> int:
    """Return the width of some parts."""
    return sum(cell_len(visible(text)) for text, _ in parts)


def edge(
    left: Sequence[Part], right: Sequence[Part], width: int, look: Style, corners: Corners = TOP
) -> Strip:
    """Return a line with texts in it, from its third cell on.

    The right text is left out if there is no room for both; a left one that is too long is cut.
    """
    line = "━" if corners[0] in _HEAVY else "─"
    room = width - sum(map(len, corners)) - 2
    right = right if cells(left) + cells(right) + 1 <= room else ()
    ends: tuple[Part, Part] = ((corners[0] + line, look), (line + corners[1], look))
    middle = strip([*left, (line * max(0, room - cells(left) - cells(right)), look), *right], max(0, room))
    return Strip.join([strip([ends[0]], cells([ends[0]])), middle, strip([ends[1]], cells([ends[1]]))])


def title_parts(number: str, name: str, tone: str, *, focused: bool) -> list[Part]:
    """Return a title: a chip in the tone if its pane has the focus."""
    if focused:
        return [(f" {number} {name} " if number else f" {name} ", filled(tone))]
    return [(f" {number} ", DIM), (f"{name} ", PLAIN)] if number else [(f" {name} ", PLAIN)]


def frame_look(tone: str, *, focused: bool) -> Style:
    """Return the style of the border: muted without the focus, unless its tone says something."""
    return inked(tone) if focused or tone != "accent" else RULE


def title_line(left: str, right: str, width: int, *, raised: bool) -> Strip:
    """Return a title line: a bar if the pane has the focus (`raised`), else a rule."""
    left, right = f" {left} ", f" {right} " if right else ""
    right = right if cell_len(left) + cell_len(right) + 2 <= width else ""
    left = cut(left, width)
    gap = width - cell_len(left) - cell_len(right)
    if raised:
        return strip([(left + " " * gap + right, RAISED)], width)
    parts: list[Part] = [("─", DIM), (left, PLAIN), ("─" * (gap - 2), DIM), (right, DIM), ("─", DIM)]
    return strip(parts, width)


def summary_line(left: str, summary: Sequence[Part], width: int, *, raised: bool) -> Strip:
    """Return the title line of a collapsed pane, with its summary."""
    if raised:
        return strip([(f" {left}  ", RAISED), *((text, RAISED) for text, _ in summary)], width, RAISED)
    parts: list[Part] = [("─", DIM), (f" {left} ", PLAIN), ("── ", DIM), *summary, (" ", PLAIN)]
    used = sum(cell_len(visible(text)) for text, _ in parts)
    return strip([*parts, ("─" * (width - used), DIM)], width)
