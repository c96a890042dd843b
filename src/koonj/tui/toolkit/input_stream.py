"""Cut what the terminal sends into keys and pasted text.

Textual keeps every key of a paste whose end never comes, Ctrl+C too, and takes Esc and a key in one packet
for Alt and the key. A terminal marks a paste with START and END (bracketed paste):
https://invisible-island.net/xterm/ctlseqs/ctlseqs.html#h2-Bracketed-Paste-Mode
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass

ESCAPE = "\x1b"
START = "\x1b[200~"
END = "\x1b[201~"
CTRL_C = "\x03"

STALL = 1.0
"""Seconds without data after which a single key ends a paste. Before that, the key is part of the paste."""
CTRL_C_PAUSE = 0.2
"""Seconds without data after which Ctrl+C, as the last character, ends a paste."""

_KEY = re.compile(r"\x1b(?:\[[0-9:;<=>?]*[ -/]*[@-~]|O[@-~]|.)|.", re.DOTALL)
"""One key press or one report of the terminal."""
_SEQUENCES = frozenset("[O]P_^bf\x7f")
"""Characters that start a sequence after Esc, or end one: Alt and an arrow or Backspace in some terminals."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the input."""

    text: str
    """ESCAPE alone is the key Esc."""
    pasted: bool = False


class InputStream:
    """Cuts the input into pieces. Times are seconds on one clock."""

    def __init__(self, alt_keys: frozenset[str], escape_delay: float) -> None:
        """`alt_keys`: characters that have a command with Alt.

        `escape_delay`: seconds after which ESCAPE alone is the key Esc.
        """
        self._sequences = _SEQUENCES | alt_keys
        self._escape_delay = escape_delay
        self._held = ""
        """Beginning of START or of END; what follows decides."""
        self._paste: list[str] | None = None
        """Text of a paste that has no end yet, without what was reported."""
        self._last = 0.0

    def feed(self, data: str, now: float) -> Iterator[Piece]:
        """Yield the pieces that `data` completes."""
        if self._paste is not None and now - self._last >= STALL and _KEY.fullmatch(data):
            self._held = ""
            yield from self._end_paste()
        self._last = now
        data, self._held = self._held + data, ""
        while data:
            data = yield from self._keys(data) if self._paste is None else self._pasted(data)

    def tick(self, now: float) -> Iterator[Piece]:
        """Yield the pieces that a pause completes."""
        silent = now - self._last
        if self._paste is None:
            if self._held and silent >= self._escape_delay:
                held, self._held = self._held, ""
                yield Piece(held)
            return
        text = "".join(self._paste)
        if text.endswith(CTRL_C) and silent >= CTRL_C_PAUSE:
            kept = text.rstrip(CTRL_C)
            self._paste = [kept]
            yield from self._end_paste()
            yield Piece(text[len(kept) :])
        elif text and silent >= STALL:
            self._paste.clear()
            yield Piece(text, pasted=True)

    def _keys(self, data: str) -> Generator[Piece, None, str]:
        """Yield the pieces of `data` outside of a paste, and return the text after START."""
        begin = at = 0
        while (at := data.find(ESCAPE, at)) >= 0:
            if START.startswith(data[at : at + len(START)]):
                yield from _piece(data[begin:at])
                if len(data) < at + len(START):
                    self._held = data[at:]
                    return ""
                self._paste = []
                return data[at + len(START) :]
            if data[at + 1] in self._sequences:
                at += 2
            else:
                yield from _piece(data[begin:at])
                yield Piece(ESCAPE)
                at += 1
                begin = at
        yield from _piece(data[begin:])
        return ""

    def _pasted(self, data: str) -> Generator[Piece, None, str]:
        """Yield the paste if `data` has its end, and return the text after END."""
        assert self._paste is not None
        end = data.find(END)
        if end >= 0:
            self._paste.append(data[:end])
            yield from self._end_paste()
            return data[end + len(END) :]
        length = next((n for n in range(len(END) - 1, 0, -1) if data.endswith(END[:n])), 0)
        self._held = data[len(data) - length :]
        self._paste.append(data[: len(data) - length])
        return ""

    def _end_paste(self) -> Iterator[Piece]:
        text = "".join(self._paste or ()).replace(START, "")  # of a paste after one without an end
        self._paste = None
        yield from (Piece(text, pasted=True),) if text else ()


def _piece(text: str) -> Iterator[Piece]:
    if text:
        yield Piece(text)
