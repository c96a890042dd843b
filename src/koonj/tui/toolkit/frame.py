"""Write the fewest bytes that change the terminal's content to the wanted content.

Textual writes every region that might have changed. Here the terminal's cells are remembered, and only cells
that differ are written. Only sequences that all terminals know are used: cursor moves, SGR, and erase to the
end of the line.
"""

from __future__ import annotations

from functools import lru_cache

from rich.color import ColorSystem
from textual.strip import Strip

from koonj.tui.toolkit.cells import BLANK, Row, cells_of, crop_row, has_sure_width, max_width
from koonj.tui.toolkit.sgr import PLAIN, CellLook, look_on_blank, transition

CLEAR = "\x1b[m\x1b[2J"
_ERASE = "\x1b[K"
_MAX_REWRITTEN = 12
"""Number of unchanged cells between two changes that can be cheaper to write again than to skip."""


class Frame:
    """Cells of a screen with a fixed size: the wanted ones and the shown ones."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        blank: Row = [BLANK] * width
        self._wanted = [blank] * height
        self._shown: list[Row] | None = None
        self._cursor: tuple[int, int] | None = None
        self._last_strips: list[dict[tuple[int, int], Strip]] = [{} for _ in range(height)]
        """Last strips by column and width: most strips are put again unchanged."""

    @property
    def size(self) -> tuple[int, int]:
        """Number of columns and rows."""
        return self.width, self.height

    def forget(self) -> None:
        """Forget what the terminal shows: the next change clears it and writes everything."""
        self._shown = self._cursor = None

    def put(self, y: int, x: int, strip: Strip, system: ColorSystem) -> None:
        """Set the wanted cells at row `y` from column `x` on to `strip`."""
        width = min(strip.cell_length, self.width - x)
        known = self._last_strips[y]
        before = known.get((x, width))
        if before is strip or width < 1:
            return
        if before is None:
            known = {(at, w): s for (at, w), s in known.items() if at + w <= x or at >= x + width}
            self._last_strips[y] = known
        known[x, width] = strip
        if before is None or before != strip:
            row = self._wanted[y]
            left, right = crop_row(row, 0, x), crop_row(row, x + width, self.width)
            self._wanted[y] = [*left, *cells_of(strip, width, system), *right]

    def changes(self, cursor: tuple[int, int]) -> str:
        """Return the text that makes the terminal show the wanted cells.

        `cursor` is the column and the row of the cursor.
        """
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
    """Output of one frame.

    Knows the look that is set and, mostly, the position of the cursor.
    """

    def __init__(self, width: int) -> None:
        self.out: list[str] = []
        self._width = width
        self._pen = PLAIN
        self._y = -1
        """Row of the cursor; -1 if unknown."""
        self._x = -1
        """Column of the cursor; -1 if unknown.

        It is unknown after the last column and after a character of uncertain width.
        """

    def row(self, y: int, old: Row, new: Row) -> None:
        """Write the difference between two versions of row `y`."""
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
            self._set_look(self._pen if look_on_blank(self._pen) == PLAIN else PLAIN)
            self.out.append(_ERASE)

    def end(self, x: int, y: int) -> None:
        """Reset the look and place the cursor."""
        self._set_look(PLAIN)
        self.out.append(_move(self._y, self._x, y, x))

    def _go(self, y: int, x: int, row: Row) -> None:
        if (self._y, self._x) == (y, x):
            return
        move = _move(self._y, self._x, y, x)
        between = (
            row[max(self._x, 0) : x] if self._y == y and 0 <= self._x < x <= self._x + _MAX_REWRITTEN else ()
        )
        if between and all(has_sure_width(text) or not text for text, _ in between):
            again, pen = _text(between, self._pen)
            look = row[x][1]
            if _size(again + transition(pen, look)) <= _size(move + transition(self._pen, look)):
                move, self._pen = again, pen
        self.out.append(move)
        self._y, self._x = y, x

    def _set_look(self, look: CellLook) -> None:
        self.out.append(transition(self._pen, look))
        self._pen = look

    def _write(self, x: int, row: Row) -> int:
        """Write the grapheme that starts at `x`; return where the next one starts."""
        text, look = row[x]
        after = x + 1
        while after < len(row) and row[after][0] == "":
            after += 1
        if text != " " or look_on_blank(self._pen) != look:
            self._set_look(look)
        sure = has_sure_width(text)
        if not sure:  # if it is narrower than koonj assumes, no old cell must stay visible next to it
            self.out.append(f"{' ' * (after - x)}\x1b[{x + 1}G")
        self.out.append(text)
        self._x = after if sure and after < self._width else -1
        return after


def _changed(old: Row, new: Row) -> list[int]:
    """Return the starts of graphemes that must be written, from left to right."""
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
        if not has_sure_width(new[at][0]):
            covered = at + max_width(new[at][0])
    return found


def _blank_from(row: Row) -> int:
    """Return where the blanks at the end of a row start."""
    end = len(row)
    while end and row[end - 1] == BLANK:
        end -= 1
    return end


def _text(cells: Row, pen: CellLook) -> tuple[str, CellLook]:
    """Return the text of cells written after the look `pen`, and the look then.

    A space is written with any look that shows the same on it.
    """
    out = []
    for text, cell in cells:
        if text != " " or look_on_blank(pen) != cell:
            out.append(transition(pen, cell))
            pen = cell
        out.append(text)
    return "".join(out), pen


def _size(text: str) -> int:
    return len(text.encode())


@lru_cache(maxsize=4096)
def _move(y: int, x: int, to_y: int, to_x: int) -> str:
    """Return the shortest sequence that moves the cursor.

    Rows and columns are 0-based; -1 means unknown.
    """
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
