"""Parse JSON of many megabytes without blocking other threads.

`json.loads` holds Python's lock until it has parsed everything: 100 ms for 5 MB. Here `json` parses only the
small values. The containers of the upper levels are parsed in Python, which releases the lock every few
milliseconds.
"""

from __future__ import annotations

import json
import re
from typing import Any

_DECODER = json.JSONDecoder()
_BLANK = re.compile(r"[ \t\n\r]*")
_DEPTH = 3
"""Number of levels that are parsed in Python: an event, its value, the lists in it."""


def loads(text: str, max_items: int) -> Any:
    """Return the value of `text`.

    Of the lists in the upper levels only the first `max_items` are kept.

    Raises: ValueError.
    """
    try:
        value, end = _Parser(text, max_items).value(0, _DEPTH)
    except IndexError as error:
        raise ValueError("the text ends too early") from error
    if _skip(text, end) != len(text):
        raise ValueError(f"more than one value: {text[end : end + 20]!r}")
    return value


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    assert found is not None
    return found.end()


class _Parser:
    def __init__(self, text: str, max_items: int) -> None:
        self._text = text
        self._max_items = max_items

    def value(self, at: int, depth: int) -> tuple[Any, int]:
        """Return a value and the offset where it ends."""
        at = _skip(self._text, at)
        if depth and self._text[at] == "{":
            return self._object(at + 1, depth - 1)
        if depth and self._text[at] == "[":
            return self._array(at + 1, depth - 1)
        return _DECODER.raw_decode(self._text, at)

    def _object(self, at: int, depth: int) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        at = _skip(self._text, at)
        while self._text[at] != "}":
            key, at = _DECODER.raw_decode(self._text, at)
            at = self._expect(at, ":")
            found[key], at = self.value(at, depth)
            at = self._next(at, "}")
        return found, at + 1

    def _array(self, at: int, depth: int) -> tuple[list[Any], int]:
        found: list[Any] = []
        at = _skip(self._text, at)
        while self._text[at] != "]":
            value, at = self.value(at, depth)
            if len(found) < self._max_items:
                found.append(value)
            at = self._next(at, "]")
        return found, at + 1

    def _next(self, at: int, end: str) -> int:
        """Return the offset of the next item, or of `end`."""
        at = _skip(self._text, at)
        if self._text[at] == end:
            return at
        return _skip(self._text, self._expect(at, ","))

    def _expect(self, at: int, sign: str) -> int:
        at = _skip(self._text, at)
        if self._text[at] != sign:
            raise ValueError(f"{sign!r} expected, not {self._text[at : at + 20]!r}")
        return at + 1
