"""Changesets of a formatted SQL file of Liquibase: where each starts and ends, and what its lines say.

Source: Liquibase 4.28.0, AbstractFormattedChangeLogParser and FormattedSqlChangeLogParser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from koonj.migrations.layouts.tool_problem import tool_warning
from koonj.sql.problem import Problem

_LINE = re.compile(r"([^\r\n]*)(?:\r\n|\r|\n|$)")


def _of_line(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.IGNORECASE)


_FIRST = _of_line(r"\ufeff?\s*--\s*liquibase\s*formatted.*")
_CHANGESET = _of_line(r"\s*--\s*changeset\s+(\"[^\"]+\"|[^:]+):(\"[^\"]+\"|\S+).*")
_BAD_CHANGESET = _of_line(r"\s*--\s*changeset\b.*")
_PROPERTY = _of_line(r"\s*--\s*property\s+(.*:.*)\s+(.*:.*).*")
_IGNORE_LINES = _of_line(r"--\s*ignoreLines:(\w+)")
_COMMENT = _of_line(r"--\s*comment:? (.*)")
_VALID = _of_line(r"--\s*validCheckSum:? (.*)")
_ROLLBACK = _of_line(r"\s*--\s*rollback (.*)")
_ROLLBACK_BLOCK = _of_line(r"\s*/\*\s*liquibase\s*rollback\s*")
_END_OF_BLOCK = re.compile(r"(.*?)\s*\*/\s*")
_PRECONDITION = _of_line(r"\s*--\s*precondition.*")


@dataclass(slots=True)
class Changeset:
    """One changeset. Offsets are those of the file's text."""

    author: str
    id: str
    marker: str
    """The line with the marker, which has the options."""
    start: int
    """Offset of that line."""
    line: int
    """Its number, from 1."""
    end: int = 0
    sql: list[str] = field(default_factory=list)
    """The lines that Liquibase runs."""
    comment: str = ""
    valid: list[str] = field(default_factory=list)
    """Checksums that are accepted, besides its own."""
    rollback: list[str] = field(default_factory=list)
    """What the rollback lines say."""
    rollback_start: int | None = None
    rollback_end: int = 0
    in_block: bool = False
    """Whether a rollback stands in a block comment."""
    in_lines: bool = False
    """Whether one stands in comment lines."""
    has_precondition: bool = False
    has_ignored: bool = False

    def option(self, name: str) -> str | None:
        """Return the value of an option, without quotes; None if it is not given. The last one counts."""
        found = re.findall(rf"{name}:(\".*?\"|\S*)", self.marker, re.IGNORECASE)
        return found[-1].strip('"') if found else None

    def is_on(self, name: str, *, default: bool = False) -> bool:
        """Return whether an option is true."""
        value = self.option(name)
        return default if value is None else value.lower() == "true"

    @property
    def rollback_text(self) -> str:
        """What the rollback lines say, in one text."""
        return "\n".join(self.rollback).strip()

    def add_rollback(self, text: str, start: int, end: int) -> None:
        """Add a line of the rollback, and its place."""
        self.rollback.append(text)
        self.rollback_start = start if self.rollback_start is None else self.rollback_start
        self.rollback_end = end


@dataclass(frozen=True, slots=True)
class Changelog:
    """A formatted SQL file."""

    changesets: tuple[Changeset, ...]
    problems: tuple[Problem, ...]
    """Why Liquibase refuses the file."""
    path: str | None
    """The path that it says to have, instead of its own."""


def is_formatted(text: str) -> bool:
    """Return whether the first line that is not empty says that it is a file of Liquibase."""
    first = next((line for line, _, _ in _lines(text) if line.strip()), "")
    return _FIRST.fullmatch(first) is not None


def read_changelog(text: str) -> Changelog:
    """Return the changesets of a text, in order."""
    found: list[Changeset] = []
    problems: list[Problem] = []
    path = None
    lines = enumerate(_lines(text), 1)
    for number, (line, start, after) in lines:
        end = after
        marked = _CHANGESET.fullmatch(line)
        if marked is not None:
            found.append(Changeset(marked[1].strip('"'), marked[2].strip('"'), line, start, number))
        elif _BAD_CHANGESET.fullmatch(line):
            problems.append(_bad_changeset(number))
        elif _FIRST.fullmatch(line):
            path = path or _path(line)
        elif (ignored := _IGNORE_LINES.fullmatch(line)) is not None:
            end = _skip(lines, ignored[1], after)
            if found:
                found[-1].has_ignored = True
        elif found and _ROLLBACK_BLOCK.fullmatch(line):
            end = _block(lines, found[-1], after)
        elif found:
            _add(found[-1], line, start, after)
        if found:
            found[-1].end = end
    return Changelog(tuple(found), tuple(problems), path)


def _lines(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield each line without its end, its offset, and the offset of the next one."""
    for found in _LINE.finditer(text):
        if found.end() > found.start():
            yield found[1], found.start(), found.end()


_Lines = enumerate[tuple[str, int, int]]


def _skip(lines: _Lines, what: str, end: int) -> int:
    """Skip the lines that Liquibase ignores. Return the offset after them."""
    count = int(what) if what.isdigit() else None
    while count is None or count > 0:
        following = next(lines, None)
        if following is None:
            return end
        line, _, end = following[1]
        if count is not None:
            count -= 1
        elif (found := _IGNORE_LINES.fullmatch(line)) is not None and found[1] == "end":
            return end
    return end


def _block(lines: _Lines, changeset: Changeset, end: int) -> int:
    """Read a rollback in a block comment. Return the offset after it."""
    changeset.in_block = True
    last = end
    for _, (line, start, after) in lines:
        last = after
        closed = _END_OF_BLOCK.fullmatch(line)
        if closed is not None:
            changeset.add_rollback(closed[1], start, start + closed.end(1))
            break
        changeset.add_rollback(line, start, after)
    return last


def _add(changeset: Changeset, line: str, start: int, end: int) -> None:
    """Add a line to a changeset."""
    if (comment := _COMMENT.fullmatch(line)) is not None:
        changeset.comment = comment[1]
    elif (valid := _VALID.fullmatch(line)) is not None:
        changeset.valid.append(valid[1].strip())
    elif (rollback := _ROLLBACK.fullmatch(line)) is not None:
        changeset.in_lines = True
        changeset.add_rollback(rollback[1], start, end)
    elif _PRECONDITION.fullmatch(line):
        changeset.has_precondition = True
    elif not _PROPERTY.fullmatch(line):
        changeset.sql.append(line)


def _path(line: str) -> str | None:
    found = re.findall(r"logicalFilePath:(\S*)", line, re.IGNORECASE)
    return found[-1] if found and found[-1] else None


def _bad_changeset(line: int) -> Problem:
    return tool_warning(
        f"Line {line} is no marker of a changeset, so Liquibase refuses the file.",
        "Write it as --changeset AUTHOR:ID, without a space before ID.",
        line,
    )
