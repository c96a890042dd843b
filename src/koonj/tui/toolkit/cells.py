"""Text as the cells of a terminal.

A cell holds a grapheme, or a part of a wide one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from koonj.tui.toolkit.sgr import PLAIN, CellLook, look_from, look_on_blank

Cell = tuple[str, CellLook]
"""A grapheme and its look.

The further cells of a wide grapheme have no text. A space has only the visible part of a look.
"""
Row = Sequence[Cell]


BLANK: Cell = (" ", PLAIN)
_JOINER = "\u200d"
_SURE_NARROW = (
    (0x20, 0x7E),
    (0xA0, 0xAC),
    (0xAE, 0x2FF),
    (0x370, 0x482),
    (0x1E00, 0x1EFF),
    (0x2010, 0x2027),
    (0x2030, 0x205E),
    (0x2190, 0x21FF),
    (0x2500, 0x25FC),
    (0x2713, 0x2718),
)
_SURE_WIDE = ((0x3001, 0x303E), (0x3041, 0x4DBF), (0x4E00, 0xA48C), (0xAC00, 0xD7A3), (0xFF01, 0xFF60))
"""Characters whose width is the same on all terminals. For others terminals differ."""


def cells_of(segments: Iterable[Segment], width: int, system: ColorSystem) -> Row:
    """Return `width` cells.

    Control characters are omitted, because a terminal could obey them.
    """
    row: list[Cell] = []
    for text, style, control in segments:
        if not control:
            _add(row, text, PLAIN if style is None else look_of(style, system))
    return row if len(row) == width else _fitted(row, width)


@lru_cache(maxsize=4096)
def look_of(style: Style, system: ColorSystem) -> CellLook:
    """Return the look that Textual would write for `style` with these colours."""
    link = f"id={style.link_id};{style.link}" if style.link else ""
    return look_from(Strip.render_ansi(style, system), link)


def _add(row: list[Cell], text: str, look: CellLook) -> None:
    space = (" ", look_on_blank(look))
    if text.isascii() and text.isprintable():
        row += [space if char == " " else (char, look) for char in text]
        return
    for grapheme, width in _graphemes(text):
        if width:
            row.append(space if grapheme == " " else (grapheme, look))
            row += [("", look)] * (width - 1)
        elif row and row[-1][0]:
            row[-1] = (row[-1][0] + grapheme, look)  # a combining mark whose letter is in the segment before


def _fitted(row: list[Cell], width: int) -> Row:
    return crop_row([*row, *[BLANK] * (width - len(row))], 0, width)


def crop_row(row: Row, start: int, end: int) -> Row:
    """Return a part of a row; a wide character that is cut becomes blanks."""
    part = row[start:end]
    if start < end < len(row) and row[end][0] == "":
        at = len(part) - 1
        while part[at][0] == "" and at:
            at -= 1
        part = [*part[:at], *_blanks(part[at:])]
    if part and part[0][0] == "":
        at = 1
        while at < len(part) and part[at][0] == "":
            at += 1
        part = [*_blanks(part[:at]), *part[at:]]
    return part


def _blanks(cells: Row) -> list[Cell]:
    return [(" ", look_on_blank(look)) for _, look in cells]


@lru_cache(maxsize=1024)
def _graphemes(text: str) -> tuple[tuple[str, int], ...]:
    """Return the graphemes with their widths in cells.

    A character without width joins the one before it.
    """
    parts: list[str] = []
    for char in text:
        if _is_control(char):
            continue
        if parts and (parts[-1].endswith(_JOINER) or not cell_len(char)):
            parts[-1] += char
        else:
            parts.append("\ufffd" if "\ud800" <= char <= "\udfff" else char)
    return tuple((part, cell_len(part)) for part in parts)


def _is_control(char: str) -> bool:
    return ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0


@lru_cache(maxsize=4096)
def has_sure_width(text: str) -> bool:
    """Return whether `text` has the same width on every terminal."""
    if len(text) != 1:
        return False
    ranges = _SURE_NARROW if cell_len(text) == 1 else _SURE_WIDE
    return any(first <= ord(text) <= last for first, last in ranges)


def max_width(text: str) -> int:
    """Return the number of cells that `text` covers at most, on any terminal."""
    return max(cell_len(text), sum(cell_len(char) for char in text))
