"""One of the two standard streams, as lines: safe for any terminal, any encoding, and a reader that left."""

import os
import sys
from typing import TextIO

from koonj.sql.display import visible

_PLAIN = {"…": "...", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "·": "-", "→": "->"}
"""What koonj's own sentences hold beyond ASCII, for a terminal that has no more."""

_CONTROL_PICTURES = range(0x2400, 0x2422)


class Stream:
    """Writes lines. Once the reader is gone (``| head``), nothing is written and nothing is raised."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._encoding = file.encoding or "ascii"

    @property
    def is_terminal(self) -> bool:
        """Does a person look at it?"""
        return self._file.isatty()

    @property
    def ascii_only(self) -> bool:
        """Can it show less than Unicode?"""
        return self._encoding.lower().replace("-", "").replace("_", "") not in {"utf8", "utf8sig"}

    def line(self, text: str = "") -> None:
        """One line; hidden characters and escape sequences in it are shown, a tab stays."""
        self.write(visible(text, keep="\t") + "\n")

    def write(self, text: str) -> None:
        """Text as it is, as far as the encoding goes."""
        try:
            self._file.write(_fit(text, self._encoding))
        except OSError:
            self._forget()

    def write_bytes(self, raw: bytes) -> None:
        """Bytes as they are: a file's, for a program that reads them."""
        try:
            self._file.flush()
            self._file.buffer.write(raw)
        except OSError:
            self._forget()

    def flush(self) -> None:
        """Show what was written until now."""
        try:
            self._file.flush()
        except OSError:
            self._forget()

    def _forget(self) -> None:
        """The reader left, or the terminal hung up: what is still buffered goes nowhere."""
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
