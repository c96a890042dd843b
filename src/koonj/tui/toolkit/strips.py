"""Build lines for the screen with visible characters and an exact width."""

import re
from collections.abc import Iterable, Iterator

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from koonj.sql.display import visible

Part = tuple[str, Style]
PLAIN = Style.null()
_LINE_END = re.compile(r"\r\n|\n")
_SIGNS = "/\\,;:=)-"
"""Characters after which a word that is wider than a line is broken."""
_UNIT = re.compile(r" (?:ms|s|min|h|[kMGT]?B)\b")


def strip(parts: Iterable[Part], width: int, fill: Style = PLAIN, more: Style | None = None) -> Strip:
    """Return a line of exactly `width` cells.

    Every text is shown literally, `fill` styles the rest. Text that does not fit is cut with an ellipsis, in
    the style `more` or that of the text.
    """
    line = Strip([Segment(visible(text), style) for text, style in parts if text])
    if line.cell_length <= width or width < 1:
        return line.adjust_cell_length(width, fill)
    kept = line.crop(0, width - 1)
    last = next((segment.style for segment in reversed(list(kept))), fill) if more is None else more
    return Strip([*kept, Segment("…", last)], width)


def side_by_side(items: Iterable[list[Part]], width: int, most: int = 0) -> list[list[Part]]:
    """Return the items in lines of at most `width` cells. No item is broken or cut.

    With `most`, the items of further lines are left out. An item that is wider than a line has its own.
    """
    lines: list[list[Part]] = []
    room = 0
    for item in items:
        cells = sum(cell_len(visible(text)) for text, _ in item)
        if not lines or cells > room:
            lines.append([])
            room = width
        lines[-1] += item
        room -= cells
    return lines[:most] if most else lines


def mark_cells(line: Strip, marks: Iterable[tuple[int, int, Style]]) -> Strip:
    """Return `line` with the styles of `marks`: first cell, end cell (exclusive), style.

    A character without width is marked with the character before it: it is drawn in the same cell.
    """
    for first, end, style in marks:
        if first < end:
            line = Strip(_marked(line, first, end, style), line.cell_length)
    return line


def _marked(line: Iterable[Segment], first: int, end: int, style: Style) -> Iterator[Segment]:
    cell = last = 0
    for text, look, control in line:
        width = cell_len(text)
        if control or cell + width < first or cell >= end:
            yield Segment(text, look, control)
            cell += width
            last = cell if width else last
            continue
        parts = ["", "", ""]
        for char in text:
            size = cell_len(char)
            at = cell if size else last
            parts[(at >= first) + (at >= end)] += char
            last, cell = (cell, cell + size) if size else (last, cell)
        before, marked, after = parts
        for part, part_look in ((before, look), (marked, (look or PLAIN) + style), (after, look)):
            if part:
                yield Segment(part, part_look)


def fit(text: str, width: int) -> str:
    """Return `text` in exactly `width` cells: padded, or cut with an ellipsis."""
    text = visible(text)
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + "…"


def cut(text: str, width: int) -> str:
    """Return `text` in at most `width` cells, cut with an ellipsis."""
    return fit(text, width).rstrip() if cell_len(visible(text)) > width else visible(text)


def wrap(text: str, width: int, max_lines: int = 0) -> list[str]:
    """Return `text` in lines of at most `width` cells, broken at spaces.

    Only a word that is wider than a line is broken, after punctuation if possible. A number and its unit stay
    together. Line ends stay. With `max_lines`, further lines are omitted and the last one ends with an
    ellipsis.
    """
    width = max(width, 8)
    if len(text) <= width and text.isascii() and text.isprintable():
        return [text]  # most texts are like this, and there can be thousands at once
    lines: list[str] = []
    for paragraph in _LINE_END.split(text.rstrip("\r\n")):
        lines += _wrap_one(visible(paragraph, keep="\t").expandtabs(4), width)
    if max_lines and len(lines) > max_lines:
        lines[max_lines - 1 :] = [cut(f"{lines[max_lines - 1]} …", width)]
    return lines


def _wrap_one(text: str, width: int) -> list[str]:
    lines = []
    start, reach = 0, 3 * width  # characters that are examined for a line: some have no width
    while len(text) - start > reach or cell_len(text[start:]) > width:
        head = set_cell_size(text[start : start + reach], width)[:reach]
        at = _break(text, start, head, width)
        if line := text[start : start + at].rstrip():
            lines.append(line)
        start += at
        while text[start : start + 1] == " ":
            start += 1
    return [*lines, text[start:]]


def _break(text: str, start: int, head: str, width: int) -> int:
    """Return how many characters of `head`, the text from `start` on that fits, are the line.

    Only a word that is wider than a line is broken: after punctuation if possible.
    """
    at = head.rfind(" ")
    if head[at - 1 : at].isdigit() and _UNIT.match(text, start + at):
        at = head.rfind(" ", 0, at)
    first = start + at + 1
    end = text.find(" ", first, first + 3 * width)
    word = text[first : end if end >= 0 else first + 3 * width]
    if at >= width // 2 or (at >= 0 and cell_len(word) <= width):
        return at
    sign = max(head.rfind(one) for one in _SIGNS) + 1
    return sign if sign > max(at, width // 2) else len(head.rstrip())
