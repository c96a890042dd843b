"""A finding whose answer is a pattern: where it is, and what becomes of its file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from koonj.sql.problem import PatternOffer
from koonj.tui.state.file_place import FilePlace, by_weight


@dataclass(frozen=True, slots=True)
class OfferedPattern:
    """A pattern that a finding offers, and the finding's file."""

    offer: PatternOffer
    name: str
    """File name of the migration."""
    line: int | None = None
    statement: int | None = None
    """Number of the statement in a run; None if it is not known."""
    ran_on: tuple[str, ...] = ()
    """Targets on which the file has run."""

    @property
    def origin(self) -> str:
        """What the form says: for which finding it is, and what becomes of the file."""
        where = f"{self.name}, line {self.line}" if self.line else self.name
        return f"For {where}. {self._then}"

    @property
    def _then(self) -> str:
        if not self.offer.replaces:
            return "That file stays as it is."
        if self.ran_on:
            return f"It has run on {', '.join(self.ran_on)}, where the new files would do the same again."
        return "Take that statement out of it afterwards."

    def task(self, where: str) -> str:
        """Return what the user still has to do when the files are written; empty if nothing.

        `where`: the words for the file and how to edit it.
        """
        if not self.offer.replaces or self.ran_on:
            return ""
        line = f"line {self.line}" if self.line else "the statement"
        what = line if self.statement is None else f"statement {self.statement} ({line})"
        return f"Now take {what} and its rollback out of {where}."


def offering(places: Iterable[FilePlace], visited: FilePlace | None) -> FilePlace | None:
    """Return the place whose pattern a key opens: the one visited last, else the first that offers one.

    If the one visited last offers none, one of the same line does.
    """
    ordered: Sequence[FilePlace] = by_weight(places)
    if visited is not None and visited in ordered:
        ordered = [visited, *(place for place in ordered if place.line == visited.line)]
    return next((place for place in ordered if place.pattern is not None), None)
