"""A strict terminal emulator that keeps all SGR attributes.

It fails at unknown codes. pyte has no dim attribute and stops at a joiner. Tests also compare with pyte where
it works.
"""

from __future__ import annotations

import re

from rich.cells import cell_len, split_graphemes

from koonj.tui.toolkit.cells import BLANK, Cell
from koonj.tui.toolkit.sgr import PLAIN, CellLook, look_from, look_on_blank

_TOKEN = re.compile(
    r"\x1b\[(?P<private>[?<>]?)(?P<numbers>[0-9;]*)(?P<inter>\$?)(?P<final>[A-Za-z])"
    r"|\x1b\](?P<osc>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|(?P<control>[\r\n\x08])|(?P<text>[^\x00-\x1f\x7f]+)"
)
_UNSET = {
    "22": {"1", "2"},
    "23": {"3"},
    "24": {"4", "21"},
    "25": {"5", "6"},
    "27": {"7"},
    "28": {"8"},
    "29": {"9"},
    "54": {"51", "52"},
    "55": {"53"},
}


class Emulator:
    """Terminal emulator whose lines do not wrap, as Textual requests it."""

    def __init__(self, columns: int, rows: int, *, naive: bool = False) -> None:
        self.columns, self.rows = columns, rows
        self._naive = naive
        """Every code point has its own cells, as on terminals that do not support graphemes."""
        self.cells: list[list[Cell]] = [[BLANK] * columns for _ in range(rows)]
        self.x = self.y = 0
        self.pen = PLAIN
        self.modes: set[str] = set()
        self.smaller = False
        """The terminal became smaller; the program might not know it yet."""

    def feed(self, text: str) -> Emulator:
        """Process the bytes that a program wrote, as text."""
        at = 0
        while at < len(text):
            token = _TOKEN.match(text, at)
            assert token is not None, f"not understood: {text[at : at + 40]!r}"
            at = token.end()
            self._take(token)
        return self

    def resize(self, columns: int, rows: int) -> None:
        """Change the size like xterm: lost cells are gone, new cells are blank."""
        self.smaller |= rows < self.rows
        self.cells = [[*row[:columns], *[BLANK] * (columns - len(row))] for row in self.cells[:rows]]
        self.cells += [[BLANK] * columns for _ in range(rows - len(self.cells))]
        self.columns, self.rows = columns, rows
        self.x, self.y = min(self.x, columns - 1), min(self.y, rows - 1)

    def lines(self) -> list[str]:
        """Return the characters of each line, without attributes."""
        return ["".join(text for text, _ in row).rstrip() for row in self.cells]

    def _take(self, token: re.Match[str]) -> None:
        if token["text"]:
            self._draw(token["text"])
        elif token["control"]:
            self._control(token["control"])
        elif token["osc"] is not None:
            if token["osc"].startswith("8;"):
                link = token["osc"][2:]
                self.pen = CellLook(
                    self.pen.attributes, self.pen.foreground, self.pen.background, "" if link == ";" else link
                )
        elif token["private"] or token["inter"]:
            self._mode(token)
        else:
            numbers = [int(n or 0) for n in token["numbers"].split(";")]
            self._command(token["final"], token["numbers"], numbers)

    def _mode(self, token: re.Match[str]) -> None:
        if token["final"] == "h":
            self.modes.add(token["numbers"])
        elif token["final"] == "l":
            self.modes.discard(token["numbers"])

    def _control(self, control: str) -> None:
        if control == "\r":
            self.x = 0
        elif control == "\b":
            self.x = max(0, self.x - 1)
        elif self.y < self.rows - 1:
            self.y += 1
        else:
            assert self.smaller, "the screen would scroll"
            self.cells = [*self.cells[1:], [BLANK] * self.columns]

    def _command(self, final: str, sgr: str, numbers: list[int]) -> None:
        count = numbers[0] or 1
        if final == "m":
            self._sgr(sgr)
        elif final == "H":
            self.y = count - 1
            self.x = (numbers[1] or 1) - 1 if len(numbers) > 1 else 0
        elif final == "G":
            self.x = count - 1
        elif final == "C":
            self.x += count
        elif final == "D":
            self.x -= count
        elif final == "B":
            self.y += count
        elif final == "K":
            assert numbers == [0]
            self._erase(self.y, self.x)
        elif final == "J":
            assert numbers == [2]
            for y in range(self.rows):
                self._erase(y, 0)
        else:
            raise AssertionError(f"not understood: CSI {sgr}{final}")
        self.x, self.y = max(0, min(self.x, self.columns - 1)), max(0, min(self.y, self.rows - 1))

    def _erase(self, y: int, x: int) -> None:
        assert look_on_blank(self.pen) == PLAIN, "terminals differ in what they erase with"
        if self.cells[y][x][0] == "":
            self._halve(y, x)
        self.cells[y][x:] = [BLANK] * (self.columns - x)

    def _sgr(self, sgr: str) -> None:
        codes = (sgr or "0").split(";")
        while codes:
            code = codes.pop(0)
            more = 0
            if code in {"38", "48"}:
                more = 2 if codes[0] == "5" else 4
            code, codes = ";".join([code, *codes[:more]]), codes[more:]
            pen = self.pen
            if code == "0":
                self.pen = CellLook(link=pen.link)
            elif code in _UNSET:
                self.pen = CellLook(
                    pen.attributes - _UNSET[code],
                    pen.foreground,
                    pen.background,
                    pen.link,
                )
            else:
                new = look_from(code)
                is_ink, is_ground = code[0] == "3" and len(code) > 1, code[0] == "4" and len(code) > 1
                is_ink |= code[0] == "9" and len(code) == 2
                is_ground |= code[0] == "1" and len(code) == 3
                self.pen = CellLook(
                    pen.attributes | new.attributes,
                    new.foreground if is_ink else pen.foreground,
                    new.background if is_ground else pen.background,
                    pen.link,
                )

    def _draw(self, text: str) -> None:
        if self._naive:
            spans = [(char, cell_len(char)) for char in text]
        else:
            spans = [(text[a:b], width) for a, b, width in split_graphemes(text)[0]]
        for grapheme, width in spans:
            if width == 0:
                continue  # joined to the previous character, or invisible
            if self.x + width > self.columns:
                self.x = self.columns - width
            for x in range(self.x, self.x + width):
                self._halve(self.y, x)
            look = look_on_blank(self.pen) if grapheme == " " else self.pen
            self.cells[self.y][self.x : self.x + width] = [(grapheme, look), *[("", look)] * (width - 1)]
            self.x = min(self.x + width, self.columns - 1)

    def _halve(self, y: int, x: int) -> None:
        """Blank all cells of a character if one of them is overwritten."""
        row = self.cells[y]
        first = x
        while row[first][0] == "":
            first -= 1
        last = first + 1
        while last < self.columns and row[last][0] == "":
            last += 1
        if last - first > 1:
            row[first:last] = [(" ", look_on_blank(row[first][1]))] * (last - first)
