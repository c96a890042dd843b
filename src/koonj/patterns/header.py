"""The head of a pattern file: comment lines of ``key: value``, before the first migration.

    -- title: Add a column with a default
    -- about: One paragraph,
    --        over as many lines as it needs.
    -- field: table
    --   kind: qualified_name

An entry goes on over lines that are indented deeper than it; what is indented under a field says something
of it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from koonj.sql.problem import Problem, Severity

_LINE = re.compile(r"--(?P<indent>[ \t]*)(?P<text>.*?)[ \t]*")
_ENTRY = re.compile(r"(?P<key>[^\s:]+)[ \t]*:[ \t]*(?P<value>.*)")
_OF_A_PATTERN = ("title", "about", "field", "migration")
_OF_A_FIELD = ("kind", "label", "default", "example", "help", "required", "choices")


@dataclass(slots=True)
class HeaderEntry:
    """One ``key: value`` and where the value stands (line and column 1-based)."""

    value: str
    line: int
    column: int
    indent: int
    under: "dict[str, HeaderEntry]" = field(default_factory=dict)
    """Of a field: what is said of it, by key."""


@dataclass(slots=True)
class Header:
    """What the head says, and what is wrong with its form."""

    entries: dict[str, HeaderEntry] = field(default_factory=dict)
    """title and about, by key."""
    fields: dict[str, HeaderEntry] = field(default_factory=dict)
    """By name, in the order of the file."""
    problems: list[Problem] = field(default_factory=list)


def problem(message: str, hint: str, line: int, column: int = 1) -> Problem:
    """An error at a place of a pattern file."""
    return Problem("pattern", Severity.ERROR, message, hint, line, column)


def read_header(lines: Sequence[str]) -> Header:
    """The head of a pattern file, from its lines before the first migration."""
    reader = _Reader()
    for number, line in enumerate(lines, start=1):
        found = _LINE.fullmatch(line)
        if found is None and line.strip():
            reader.say(
                "Only comment lines can stand before the first migration.",
                "A migration begins with a line like -- migration: add_{{column}}_to_{{table}}.",
                number,
            )
        elif found is not None and found["text"]:
            reader.read(number, len(found["indent"]), found["text"])
    return reader.header


class _Reader:
    """Takes one line after the other."""

    def __init__(self) -> None:
        self.header = Header()
        self._field: HeaderEntry | None = None
        self._last: HeaderEntry | None = None

    def say(self, message: str, hint: str, line: int, column: int = 1) -> None:
        self.header.problems.append(problem(message, hint, line, column))

    def read(self, line: int, indent: int, text: str) -> None:
        column = len("--") + indent + 1
        if self._last is not None and self._goes_on(indent):
            self._last.value = f"{self._last.value} {text}".strip()
            return
        found = _ENTRY.fullmatch(text)
        if found is None:
            self.say(
                f"Not key: value: {text}",
                "A line that goes on from the one before is indented deeper than the key there.",
                line,
                column,
            )
            return
        entry = HeaderEntry(found["value"], line, column + found.start("value"), indent)
        if self._field is not None and indent > self._field.indent:
            self._add(self._field.under, found["key"].lower(), entry, column, _OF_A_FIELD)
        elif found["key"].lower() == "field":
            self._field = entry
            self._add(self.header.fields, entry.value, entry, entry.column)
        else:
            self._field = None
            self._add(self.header.entries, found["key"].lower(), entry, column, _OF_A_PATTERN)

    def _goes_on(self, indent: int) -> bool:
        """Whether a line so far in continues the last entry; right under a field it says something new."""
        return self._last is not None and self._last is not self._field and indent > self._last.indent

    def _add(
        self,
        into: dict[str, HeaderEntry],
        key: str,
        entry: HeaderEntry,
        column: int,
        keys: tuple[str, ...] | None = None,
    ) -> None:
        self._last = entry
        if keys is not None and key not in keys:
            self.say(
                f"{key} is nothing that koonj knows here.",
                f"There are {', '.join(keys)}.",
                entry.line,
                column,
            )
        elif key in into:
            self.say(
                f"{key} is there twice.", f"The first one is in line {into[key].line}.", entry.line, column
            )
        else:
            into[key] = entry
