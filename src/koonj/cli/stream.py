"""One of the two standard streams, as lines: safe for any terminal, any encoding, and a reader that left."""

import errno
import io
import os
import sys
from typing import TextIO

from koonj.sql.display import visible, wants_ascii

_PLAIN = {"…": "...", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "·": "-", "→": "->"}
"""What koonj's own sentences hold beyond ASCII, for a terminal that has no more."""

_CONTROL_PICTURES = range(0x2400, 0x2422)


class Stream:
    """Writes lines. Once the reader is gone (``| head``), nothing is written and nothing is raised.

    Python has no file for a stream that was closed (``>&-``): it takes everything, and it is lost.
    """

    def __init__(self, file: TextIO | None) -> None:
        self.lost: str | None = "it is closed" if file is None else None
        """Why something that was written is lost, although nobody left; None where nothing is."""
        self._file = file or io.StringIO()
        self.is_terminal = self._file.isatty()
        """Does a person look at it? As it was at first: a terminal that hung up is none any more."""
        self.ascii_only = wants_ascii(os.environ, self._file.encoding)
        """Can it show less than Unicode?"""
        # To a pipe goes what its encoding has: a path there may be meant for another command.
        self._encoding = "ascii" if self.ascii_only and self.is_terminal else self._file.encoding or "ascii"

    def line(self, text: str = "") -> None:
        """One line; hidden characters and escape sequences in it are shown, a tab stays."""
        self.write(visible(text, keep="\t") + "\n")

    def write(self, text: str) -> None:
        """Text as it is, as far as the encoding goes."""
        try:
            self._file.write(_fit(text, self._encoding))
        except OSError as error:
            self._forget(error)

    def write_bytes(self, raw: bytes) -> None:
        """Bytes as they are: a file's, for a program that reads them."""
        try:
            self._file.flush()
            self._file.buffer.write(raw)
        except OSError as error:
            self._forget(error)

    def flush(self) -> None:
        """Show what was written until now."""
        try:
            self._file.flush()
        except OSError as error:
            self._forget(error)

    def _forget(self, error: OSError) -> None:
        """What is still buffered goes nowhere: a loss, unless the reader left or the terminal hung up."""
        hung_up = self.is_terminal and error.errno == errno.EIO
        if not hung_up and not isinstance(error, ConnectionError):
            self.lost = error.strerror or str(error)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, self._file.fileno())
        os.close(null)


def standard_output() -> Stream:
    """Stdout, as it is now."""
    return Stream(sys.stdout)


def standard_error() -> Stream:
    """Stderr, as it is now."""
    return Stream(sys.stderr)


def _fit(text: str, encoding: str) -> str:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(character if _fits(character, encoding) else _spelt(character) for character in text)
    return text


def _fits(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _spelt(character: str) -> str:
    """``<U+001B>`` for the picture of a control character, as for any other that cannot be written."""
    code = ord(character)
    if code in _CONTROL_PICTURES:
        code = 0x7F if code == _CONTROL_PICTURES[-1] else code - _CONTROL_PICTURES[0]
    return _PLAIN.get(character, f"<U+{code:04X}>")
