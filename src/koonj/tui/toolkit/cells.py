"""Text as a terminal has it: in cells, of which each holds a grapheme, or a part of a wide one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from koonj.tui.toolkit.sgr import PLAIN, CellLook, look_from, on_blank

Cell = tuple[str, CellLook]
"""A grapheme and its look. A wide one's further cells have no text; a space's look is what is seen of it."""
Row = Sequence[Cell]


BLANK: Cell = (" ", PLAIN)
_JOINER = "\u200d"
_SURE = (
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
"""Of other characters terminals do not all think that they are as wide as we do."""


def cells_of(segments: Iterable[Segment], width: int, system: ColorSystem) -> Row:
    """`width` cells; controls, and characters that a terminal takes for commands, are left out."""
    row: list[Cell] = []
    for text, style, control in segments:
        if not control:
            _add(row, text, PLAIN if style is None else look_of(style, system))
    return row if len(row) == width else _fitted(row, width)


@lru_cache(maxsize=4096)
def look_of(style: Style, system: ColorSystem) -> CellLook:
    """What Textual would write for `style` on a terminal with these colours."""
    link = f"id={style.link_id};{style.link}" if style.link else ""
    return look_from(Strip.render_ansi(style, system), link)


def _add(row: list[Cell], text: str, look: CellLook) -> None:
    space = (" ", on_blank(look))
    if text.isascii() and text.isprintable():
        row += [space if char == " " else (char, look) for char in text]
        return
    for grapheme, width in _graphemes(text):
        if width:
            row.append(space if grapheme == " " else (grapheme, look))
            row += [("", look)] * (width - 1)
        elif row and row[-1][0]:
            row[-1] = (row[-1][0] + grapheme, look)  # a mark whose letter was in the segment before


def _fitted(row: list[Cell], width: int) -> Row:
    return whole([*row, *[BLANK] * (width - len(row))], 0, width)


def whole(row: Row, start: int, end: int) -> Row:
    """A part of a row; of a wide character that is cut only blanks are left."""
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
    return [(" ", on_blank(look)) for _, look in cells]


@lru_cache(maxsize=1024)
def _graphemes(text: str) -> tuple[tuple[str, int], ...]:
    """Each with its width in cells. What has no width joins what is before it."""
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
def is_sure(text: str) -> bool:
    """Every terminal moves its cursor by as many cells as we think."""
    if len(text) != 1:
        return False
    ranges = _SURE if cell_len(text) == 1 else _SURE_WIDE
    return any(first <= ord(text) <= last for first, last in ranges)


def reach(text: str) -> int:
    """How many cells after its first one a grapheme may cover where the terminal knows it not as one."""
    return max(cell_len(text), sum(cell_len(char) for char in text))
