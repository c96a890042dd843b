"""JSON of many megabytes, read so that other threads have their turn.

`json.loads` holds Python's lock until it has read everything: 100 ms for 5 MB. Here it reads the small
values, and what holds them is read by Python, which lets go of the lock every millisecond.
"""

from __future__ import annotations

import json
import re
from typing import Any

_DECODER = json.JSONDecoder()
_BLANK = re.compile(r"[ \t\n\r]*")
_DEPTH = 3
"""Levels that Python reads: an event, its value, the lists in that."""


def loads(text: str, most: int) -> Any:
    """What `text` says; of the lists that Python reads only the first `most` values. Raises ValueError."""
    try:
        value, end = _Reading(text, most).value(0, _DEPTH)
    except IndexError as error:
        raise ValueError("the text ends too early") from error
    if _skip(text, end) != len(text):
        raise ValueError(f"more than one value: {text[end : end + 20]!r}")
    return value


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    assert found is not None
    return found.end()


class _Reading:
    def __init__(self, text: str, most: int) -> None:
        self._text = text
        self._most = most

    def value(self, at: int, depth: int) -> tuple[Any, int]:
        """A value, and where it ends."""
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
            if len(found) < self._most:
                found.append(value)
            at = self._next(at, "]")
        return found, at + 1

    def _next(self, at: int, end: str) -> int:
        """Where the next one begins, or `end` stands."""
        at = _skip(self._text, at)
        if self._text[at] == end:
            return at
        return _skip(self._text, self._expect(at, ","))

    def _expect(self, at: int, sign: str) -> int:
        at = _skip(self._text, at)
        if self._text[at] != sign:
            raise ValueError(f"{sign!r} expected, not {self._text[at : at + 20]!r}")
        return at + 1
