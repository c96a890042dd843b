"""The states, and an entry: one migration on one target."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from koonj.migrations.act import Act
from koonj.migrations.migration import Migration


class State(StrEnum):
    """What is true of one migration on one target, in the word that the screen shows."""

    APPLIED = "applied"
    PENDING = "pending"
    LATE = "late"
    """Pending, but one with a higher number is applied."""
    EDITED = "edited"
    """Applied; the file's statements are others now."""
    COSMETIC = "cosmetic"
    """Applied; the bytes differ, the statements do not."""
    ROLLBACK_EDITED = "rollback edited"
    """Applied; the statements are the same, the rollback's are others now."""
    MISSING = "missing"
    """Applied; there is no such file."""
    DUPLICATE = "duplicate"
    """Not applied; another file has the same number."""
    INTERRUPTED = "interrupted"
    """An apply or a rollback was started and its end is not recorded: it runs now, or it was cut off."""
    FAILED = "failed"
    """The last apply or rollback failed."""
    ADOPTED = "adopted"
    """In the database before koonj, and recorded as applied."""


GLYPHS: Mapping[State, str] = MappingProxyType(
    {
        State.APPLIED: "✓",
        State.PENDING: "◦",
        State.LATE: "◂",
        State.EDITED: "✎",
        State.COSMETIC: "~",
        State.ROLLBACK_EDITED: "↶",
        State.MISSING: "∅",
        State.DUPLICATE: "=",
        State.INTERRUPTED: "!",
        State.FAILED: "✗",
        State.ADOPTED: "✦",
    }
)
"""One narrow cell each (East Asian width N or Na: never two cells, in no terminal); no two alike."""

ASCII_GLYPHS: Mapping[State, str] = MappingProxyType(
    {
        State.APPLIED: "+",
        State.PENDING: ".",
        State.LATE: "<",
        State.EDITED: "*",
        State.COSMETIC: "~",
        State.ROLLBACK_EDITED: "%",
        State.MISSING: "#",
        State.DUPLICATE: "=",
        State.INTERRUPTED: "!",
        State.FAILED: "x",
        State.ADOPTED: "@",
    }
)

DECISIVE = frozenset({State.LATE, State.EDITED, State.MISSING, State.DUPLICATE, State.INTERRUPTED})
"""States that need a person, until one has accepted them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One migration on one target."""

    number: int
    name: str
    state: State
    migration: Migration | None
    """None: there is no file."""
    act: Act | None
    """The act that decides the state; None where nothing was ever done."""
    applied: bool
    """The body is in the database (what a rollback that stopped half way has left of it, too)."""
    accepted: bool
    """A person's decision covers the state as it is now."""
    note: str = ""
    """What else is to be said, in words."""
