"""A place in a migration file, and what is wrong there.

Everything that fails gives one: a run, a rehearsal, an earlier entry of the history, a problem of the text.
So the preview marks them all alike, and the same keys lead to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from koonj.sql.problem import PatternOffer, Problem, Severity


class PlaceSource(StrEnum):
    """Who found what is wrong at a place, as the user reads it."""

    LAST_APPLY = "last apply"
    LAST_ROLLBACK = "last rollback"
    REHEARSAL = "rehearsal"
    CHECK = "check"


_ORDER = tuple(PlaceSource)
_SEVERITIES = tuple(Severity)


@dataclass(frozen=True, slots=True)
class FileLine:
    """A line of a migration file to which a key leads; nothing has to be wrong there."""

    name: str
    """File name of the migration."""
    line: int | None
    """1-based; None: the whole file."""
    column: int | None = None
    """1-based, in characters of the file; None: the start of the line."""

    @property
    def position(self) -> tuple[int, int]:
        """Line and column, for sorting; both 0-based."""
        return (self.line or 1) - 1, (self.column or 1) - 1


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A place in a migration file, and what is wrong there."""

    name: str
    """File name of the migration."""
    line: int | None
    """1-based; None if what is wrong belongs to no line."""
    column: int | None
    """1-based, in characters of the file; None if what is wrong is about the line, or the file."""
    message: str
    source: PlaceSource
    severity: Severity = Severity.ERROR
    code: str = ""
    """Code of a problem, or SQLSTATE of an error; can be empty."""
    hint: str = ""
    source_line: str | None = None
    """Text of the line when it failed; None if the place is one of the present text."""
    also: tuple[PlaceSource, ...] = ()
    """Others who found the same."""
    pattern: PatternOffer | None = None
    """The pattern that writes the safe form; None if there is none."""
    in_rollback: bool = False
    """Whether it is in the rollback; only known, and only asked, if that is in a file of its own."""

    @staticmethod
    def of_problem(name: str, problem: Problem) -> FilePlace:
        """Return the place of a problem of the text or of the file's name."""
        return FilePlace(
            name,
            problem.line,
            problem.column,
            problem.message,
            PlaceSource.CHECK,
            problem.severity,
            problem.code,
            problem.hint,
            pattern=problem.pattern,
            in_rollback=problem.in_rollback_file,
        )

    @property
    def where(self) -> str:
        """Line and column as the user reads them: ``5:3``, or ``5``; empty if it belongs to no line."""
        return ":".join(str(part) for part in (self.line, self.column) if part is not None)

    @property
    def label(self) -> str:
        """Who found it, and its code: ``last apply, rehearsal 42P01``."""
        return f"{', '.join((self.source, *self.also))} {self.code}".rstrip()

    @property
    def position(self) -> tuple[int, int]:
        """Line and column, for sorting; both 0-based."""
        return (self.line or 1) - 1, (self.column or 1) - 1


def by_weight(places: Iterable[FilePlace]) -> list[FilePlace]:
    """Return the places in the order of their weight.

    A run that failed comes first, then a rehearsal, then errors, warnings and notes.
    """
    return sorted(places, key=lambda p: (_SEVERITIES.index(p.severity), _ORDER.index(p.source), p.position))


def joined(places: Iterable[FilePlace]) -> tuple[FilePlace, ...]:
    """Return the places in their order; what several have found at the same place is one."""
    found: dict[tuple[object, ...], FilePlace] = {}
    for place in places:
        key = (place.name, place.line, place.column, place.code, place.message)
        first = found.setdefault(key, place)
        if first.source != place.source:
            found[key] = replace(first, also=(*first.also, place.source))
    return tuple(found.values())


def first_with_line(places: Iterable[FilePlace]) -> FilePlace | None:
    """Return the place of most weight that has a line; None if there is none."""
    return next((place for place in by_weight(places) if place.line is not None), None)


def neighbour(
    positions: Sequence[tuple[int, int]], here: tuple[int, int], step: int
) -> tuple[int, int] | None:
    """Return the next position after `here` (`step` 1) or the one before it (-1); wrap around at the ends.

    Returns None if there are no positions.
    """
    if not positions:
        return None
    ordered = sorted(positions)
    if step > 0:
        return next((position for position in ordered if position > here), ordered[0])
    return next((position for position in reversed(ordered) if position < here), ordered[-1])
