"""Read the header of a pattern file: its ``key: value`` comments.

    -- title: Add a column with a default
    -- about: One paragraph,
    --        over as many lines as it needs.
    -- field: table
    --   kind: qualified_name

More deeply indented lines continue an entry. Entries that are indented below a field describe that field.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from koonj.sql.problem import Problem, Severity

_LINE = re.compile(r"--(?P<indent>[ \t]*)(?P<text>.*?)[ \t]*")
_ENTRY = re.compile(r"(?P<key>[^\s:]+)[ \t]*:[ \t]*(?P<value>.*)")
_OF_A_PATTERN = ("title", "about", "group", "place", "words", "later", "field", "migration")
_OF_A_FIELD = ("kind", "label", "default", "example", "help", "required", "choices", "catalog", "asked")


@dataclass(slots=True)
class HeaderEntry:
    """A ``key: value`` and the place of the value (line and column 1-based)."""

    value: str
    line: int
    column: int
    indent: int
    under: "dict[str, HeaderEntry]" = field(default_factory=dict)
    """For a field: the entries that describe it, by key."""


@dataclass(slots=True)
class Header:
    """The entries of the header, and problems of its form."""

    entries: dict[str, HeaderEntry] = field(default_factory=dict)
    """Title and description, by key."""
    fields: dict[str, HeaderEntry] = field(default_factory=dict)
    """Fields by name, in the order of the file."""
    problems: list[Problem] = field(default_factory=list)


def problem(message: str, hint: str, line: int, column: int = 1) -> Problem:
    """Return an error at a place of a pattern file."""
    return Problem("pattern", Severity.ERROR, message, hint, line, column)


def read_header(lines: Sequence[str]) -> Header:
    """Read the header from the lines before the first migration."""
    reader = _Reader()
    for number, line in enumerate(lines, start=1):
        found = _LINE.fullmatch(line)
        if found is None and line.strip():
            reader.add_problem(
                "Only comment lines are allowed before the first migration.",
                "A migration starts with a line such as -- migration: add_{{column}}_to_{{table}}.",
                number,
            )
        elif found is not None and found["text"]:
            reader.read(number, len(found["indent"]), found["text"])
    return reader.header


class _Reader:
    """Reads the header line by line."""

    def __init__(self) -> None:
        self.header = Header()
        self._field: HeaderEntry | None = None
        self._last: HeaderEntry | None = None

    def add_problem(self, message: str, hint: str, line: int, column: int = 1) -> None:
        self.header.problems.append(problem(message, hint, line, column))

    def read(self, line: int, indent: int, text: str) -> None:
        column = len("--") + indent + 1
        if self._last is not None and self._continues(indent):
            self._last.value = f"{self._last.value} {text}".strip()
            return
        found = _ENTRY.fullmatch(text)
        if found is None:
            self.add_problem(
                f"Not in the form key: value: {text}",
                "Indent a line that continues the previous entry more deeply than the key of that entry.",
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

    def _continues(self, indent: int) -> bool:
        """Return whether a line with this indent continues the last entry.

        A line directly below a field starts a new entry.
        """
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
            self.add_problem(
                f"Unknown key: {key}.",
                f"Known keys: {', '.join(keys)}.",
                entry.line,
                column,
            )
        elif key in into:
            self.add_problem(
                f"{key} is set twice.", f"The first time is in line {into[key].line}.", entry.line, column
            )
        else:
            into[key] = entry
