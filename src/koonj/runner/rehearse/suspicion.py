"""Describe a statement that can lose data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from koonj.runner.run.direction import Direction


class Source(Enum):
    """What shows that a statement can lose data."""

    CATALOG = auto()
    """A table or a column is missing, or has another type."""
    SEQUENCE = auto()
    """A sequence is missing."""
    TEXT = auto()
    """The text of the statement, such as DELETE."""
    HIDDEN = auto()
    """The text of a function, a trigger or a rule."""
    OBSERVED = auto()
    """Rows of the migrations themselves were deleted or overwritten in the rehearsal."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A possible loss of data."""

    phrase: str
    """Continues ``the migration``; starts with a verb that ends in s."""
    source: Source
    place: tuple[Direction, int]
    """The script, and the index of the statement."""
    table: str | None = None
    """Name of the table or sequence before the migration; None if it is not known."""
    columns: frozenset[str] = frozenset()
    """Columns that can lose values; empty: all."""
    excused: bool = False
    """Whether the text of the other script puts back what this statement changes."""

    @property
    def possible(self) -> str:
        """The phrase as a possibility: ``might delete rows of …``."""
        verb, _, rest = self.phrase.partition(" ")
        return f"might {verb.removesuffix('s')} {rest}"
