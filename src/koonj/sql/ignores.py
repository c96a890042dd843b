"""Read the comments that tell koonj to ignore a finding: ``-- koonj: ignore CODE: reason``."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from koonj.sql.markers import Mark, MarkPlace
from koonj.sql.source import Source, line_and_column


@dataclass(frozen=True, slots=True)
class Ignore:
    """A comment that tells koonj to ignore findings."""

    codes: tuple[str, ...]
    """As written; can be empty."""
    reason: str
    place: MarkPlace
    start: int
    """Offset of the comment in the file."""
    line: int
    """1-based."""
    column: int
    """Column of the word ``ignore``: 1-based, in characters."""


def read_ignores(source: Source, marks: Iterable[Mark]) -> Iterator[Ignore]:
    """Yield the ignore comments among the marks, in order."""
    for mark in marks:
        found = _written(source, mark)
        if found is not None:
            line, column = line_and_column(source, found.start("word"))
            codes = tuple(found["codes"].replace(",", " ").split())
            yield Ignore(codes, found["reason"] or "", mark.place, mark.start, line, column)


def is_ignore(source: Source, mark: Mark) -> bool:
    """Return whether the mark starts an ignore comment, and not a setting."""
    return _written(source, mark) is not None


def _written(source: Source, mark: Mark) -> "re.Match[str] | None":
    return _ignore().match(source.text, mark.end) if mark.word == "koonj" else None


@cache
def _ignore() -> re.Pattern[str]:
    return re.compile(
        r"[ \t]*(?P<word>ignore)\b(?P<codes>[^:\r\n]*)(?::[ \t]*(?P<reason>[^\r\n]*?)[ \t]*)?(?=[\r\n]|\Z)",
        re.IGNORECASE,
    )
