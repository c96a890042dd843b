"""What the terminal shows, what it should show, and the fewest bytes from one to the other.

Textual writes every region that may have changed. Here the terminal's cells are remembered, and only those
that differ are written. Nothing is used that some terminal lacks: cursor moves, SGR, erase to the line's end.
"""

from __future__ import annotations

from functools import lru_cache

from rich.color import ColorSystem
from textual.strip import Strip

from koonj.tui.toolkit.cells import BLANK, Row, cells_of, is_sure, reach, whole
from koonj.tui.toolkit.sgr import PLAIN, CellLook, on_blank, turn

CLEAR = "\x1b[m\x1b[2J"
_ERASE = "\x1b[K"
_NEAR = 12
"""Unchanged cells between two changes that may be cheaper to write again than to jump over."""


class Frame:
    """The cells of a screen of fixed size, wanted and shown."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        blank: Row = [BLANK] * width
        self._wanted = [blank] * height
        self._shown: list[Row] | None = None
        self._cursor: tuple[int, int] | None = None
        self._put: list[dict[tuple[int, int], Strip]] = [{} for _ in range(height)]
        """What was put last, by column and width: most of what is put again is the same."""

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return self.width, self.height

    def forget(self) -> None:
        """The terminal may show anything now: the next change clears it and writes everything."""
        self._shown = self._cursor = None

    def put(self, y: int, x: int, strip: Strip, system: ColorSystem) -> None:
        """Want `strip` at row `y`, from column `x`."""
        width = min(strip.cell_length, self.width - x)
        known = self._put[y]
        before = known.get((x, width))
        if before is strip or width < 1:
            return
        if before is None:
            known = {(at, w): s for (at, w), s in known.items() if at + w <= x or at >= x + width}
            self._put[y] = known
        known[x, width] = strip
        if before is None or before != strip:
            row = self._wanted[y]
            left, right = whole(row, 0, x), whole(row, x + width, self.width)
            self._wanted[y] = [*left, *cells_of(strip, width, system), *right]

    def changes(self, cursor: tuple[int, int]) -> str:
        """What to write so that the terminal shows what is wanted, the cursor at (column, row)."""
        writer = _Writer(self.width)
        shown = self._shown
        if shown is None:
            writer.out.append(CLEAR)
            shown = [[BLANK] * self.width] * self.height
        for y, (old, new) in enumerate(zip(shown, self._wanted, strict=True)):
            if old is not new and old != new:
                writer.row(y, old, new)
        if writer.out or cursor != self._cursor:
            writer.end(*cursor)
        self._shown, self._cursor = self._wanted.copy(), cursor
        return "".join(writer.out)


class _Writer:
    """Writes one frame; knows its pen and, mostly, where the cursor is."""

    def __init__(self, width: int) -> None:
        self.out: list[str] = []
        self._width = width
        self._pen = PLAIN
        self._y = -1
        """-1 where it is not known."""
        self._x = -1
        """The same; it is not after the last column, nor after a character of doubtful width."""

    def row(self, y: int, old: Row, new: Row) -> None:
        """Write what differs."""
        changed = _changed(old, new)
        end = _blank_from(new)
        tail = [x for x in changed if x >= end]
        erase = len(tail) > 0 and tail[-1] - tail[0] >= len(_ERASE)
        x = -1
        for at in changed:
            if at < x or (erase and at >= end):
                continue
            self._go(y, at, new)
            x = self._write(at, new)
        if erase:
            self._go(y, end if self._y == y and self._x == end else tail[0], new)
            self._turn(self._pen if on_blank(self._pen) == PLAIN else PLAIN)
            self.out.append(_ERASE)

    def end(self, x: int, y: int) -> None:
        """Reset the pen, place the cursor."""
        self._turn(PLAIN)
        self.out.append(_move(self._y, self._x, y, x))

    def _go(self, y: int, x: int, row: Row) -> None:
        if (self._y, self._x) == (y, x):
            return
        move = _move(self._y, self._x, y, x)
        between = row[max(self._x, 0) : x] if self._y == y and 0 <= self._x < x <= self._x + _NEAR else ()
        if between and all(is_sure(text) or not text for text, _ in between):
            again, pen = _text(between, self._pen)
            look = row[x][1]
            if _size(again + turn(pen, look)) <= _size(move + turn(self._pen, look)):
                move, self._pen = again, pen
        self.out.append(move)
        self._y, self._x = y, x

    def _turn(self, look: CellLook) -> None:
        self.out.append(turn(self._pen, look))
        self._pen = look

    def _write(self, x: int, row: Row) -> int:
        """Write the grapheme that begins at `x`; where the next one begins."""
        text, look = row[x]
        after = x + 1
        while after < len(row) and row[after][0] == "":
            after += 1
        if text != " " or on_blank(self._pen) != look:
            self._turn(look)
        sure = is_sure(text)
        if not sure:  # should it be narrower than we think, nothing of what was there may be seen beside it
            self.out.append(f"{' ' * (after - x)}\x1b[{x + 1}G")
        self.out.append(text)
        self._x = after if sure and after < self._width else -1
        return after


def _changed(old: Row, new: Row) -> list[int]:
    """Where graphemes begin that have to be written, from left to right."""
    found: list[int] = []
    covered = -1
    for x, (before, cell) in enumerate(zip(old, new, strict=True)):
        if x > covered and (before is cell or before == cell):
            continue
        at = x
        while new[at][0] == "" and at:
            at -= 1
        if found and found[-1] == at:
            continue
        found.append(at)
        if not is_sure(new[at][0]):
            covered = at + reach(new[at][0])
    return found


def _blank_from(row: Row) -> int:
    """Where the blanks at the end of a row begin."""
    end = len(row)
    while end and row[end - 1] == BLANK:
        end -= 1
    return end


def _text(cells: Row, pen: CellLook) -> tuple[str, CellLook]:
    """Cells written with `pen`, and how it looks then; a space takes any pen that shows the same on it."""
    out = []
    for text, cell in cells:
        if text != " " or on_blank(pen) != cell:
            out.append(turn(pen, cell))
            pen = cell
        out.append(text)
    return "".join(out), pen


def _size(text: str) -> int:
    return len(text.encode())


@lru_cache(maxsize=4096)
def _move(y: int, x: int, to_y: int, to_x: int) -> str:
    """The shortest way of the cursor, both 0-based, -1 for unknown."""
    if (y, x) == (to_y, to_x):
        return ""
    ways = [f"\x1b[{to_y + 1};{to_x + 1}H" if to_x else f"\x1b[{to_y + 1}H" if to_y else "\x1b[H"]
    if y == to_y:
        ways.append(f"\x1b[{to_x + 1}G" if to_x else "\r")
        if x >= 0:
            ways.append(_sideways(to_x - x))
    elif 0 <= y < to_y:
        down = f"\x1b[{_count(to_y - y)}B"
        ways.append(("\r\r\n" if to_y == y + 1 else down + "\r") + _sideways(to_x))
        if x >= 0:
            ways.append(down + _sideways(to_x - x))
    return min(ways, key=len).replace("\r\r\n", "\r\n")  # the line discipline adds a CR to each LF


def _sideways(columns: int) -> str:
    if columns < 0:
        return min("\b" * -columns, f"\x1b[{_count(-columns)}D", key=len)
    return f"\x1b[{_count(columns)}C" if columns else ""


def _count(number: int) -> str:
    return "" if number == 1 else str(number)
