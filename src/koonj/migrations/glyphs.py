"""The states of a migration on a target: a word and a glyph each. Light: the first paint needs it."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


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
    ROLLBACK_EDITED = "rollback_edited"
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
