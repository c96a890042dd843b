"""Write lines to stdout or stderr, whatever the terminal, encoding and reader."""

import errno
import io
import os
import sys
from collections.abc import Iterable
from itertools import islice
from typing import TextIO

from koonj.sql.display import visible, wants_ascii

_PLAIN = {"…": "...", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "·": "-", "→": "->"}
"""ASCII forms of the other characters in koonj's own sentences."""

_AT_ONCE = 500
"""Lines that are written together."""
_CONTROL_PICTURES = range(0x2400, 0x2422)


class Stream:
    """Writer of lines to stdout or stderr.

    If the reader has exited (``| head``), it discards everything and raises nothing.
    `file` is None if the stream was closed before koonj started (``>&-``). Then all output is lost.
    """

    def __init__(self, file: TextIO | None) -> None:
        self.lost: str | None = "it is closed" if file is None else None
        """Why output was lost; None if nothing was lost or only the reader exited."""
        self._file = file or io.StringIO()
        self.is_terminal = self._file.isatty()
        """Whether it is a terminal.

        Read once: isatty() is False as soon as the terminal is closed.
        """
        self.ascii_only = wants_ascii(os.environ, self._file.encoding)
        """Whether it can show only ASCII."""
        # Only a terminal gets ASCII. A pipe gets all that its encoding has: another command may read a path.
        self._encoding = "ascii" if self.ascii_only and self.is_terminal else self._file.encoding or "ascii"

    def line(self, text: str = "") -> None:
        """Write one line; make hidden characters visible, keep tabs."""
        self.write(_line(text))

    def lines(self, lines: Iterable[str]) -> None:
        """Write lines; flush after the last."""
        rest = iter(lines)
        while several := "".join(map(_line, islice(rest, _AT_ONCE))):
            self.write(several)
        self.flush()

    def write(self, text: str) -> None:
        """Write text unchanged, except for characters that the encoding does not have."""
        try:
            self._file.write(_fit(text, self._encoding))
        except OSError as error:
            self._discard(error)

    def write_bytes(self, raw: bytes) -> None:
        """Write bytes unchanged."""
        try:
            self._file.flush()
            self._file.buffer.write(raw)
        except OSError as error:
            self._discard(error)

    def flush(self) -> None:
        """Flush the stream."""
        try:
            self._file.flush()
        except OSError as error:
            self._discard(error)

    def _discard(self, error: OSError) -> None:
        """Discard the buffer and all further output.

        That is a loss, unless the reader exited or the terminal was closed.
        """
        terminal_closed = self.is_terminal and error.errno == errno.EIO
        if not terminal_closed and not isinstance(error, ConnectionError):
            self.lost = error.strerror or str(error)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, self._file.fileno())
        os.close(null)


def _line(text: str) -> str:
    return visible(text, keep="\t") + "\n"


def standard_output() -> Stream:
    """Return a writer to the current sys.stdout."""
    return Stream(sys.stdout)


def standard_error() -> Stream:
    """Return a writer to the current sys.stderr."""
    return Stream(sys.stderr)


def _fit(text: str, encoding: str) -> str:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(
            character if _fits(character, encoding) else _ascii_form(character) for character in text
        )
    return text


def _fits(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _ascii_form(character: str) -> str:
    """Return an ASCII form, such as ``...``, or the code point: ``<U+2713>``.

    A picture of a control character gets the code point of the control character.
    """
    code = ord(character)
    if code in _CONTROL_PICTURES:
        code = 0x7F if code == _CONTROL_PICTURES[-1] else code - _CONTROL_PICTURES[0]
    return _PLAIN.get(character, f"<U+{code:04X}>")
