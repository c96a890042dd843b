"""States of a migration on a target, each with a word and a glyph.

Imports little, because the first paint of the screen uses it.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    """State of one migration on one target. The value is the word on the screen."""

    APPLIED = "applied"
    PENDING = "pending"
    LATE = "late"
    """Not applied, although a migration with a higher number is applied."""
    EDITED = "edited"
    """Applied; the file's statements were changed afterwards."""
    COSMETIC = "cosmetic"
    """Applied; the bytes differ, the statements do not."""
    ROLLBACK_EDITED = "rollback_edited"
    """Applied; the statements are the same, but the rollback was changed afterwards."""
    MISSING = "missing"
    """Applied; the file is missing."""
    RENAMED = "renamed"
    """Applied under another file name; the statements are the same."""
    DUPLICATE = "duplicate"
    """Not applied; another file has the same number."""
    RUNNING = "running"
    """An apply or a rollback runs now, in several transactions."""
    INTERRUPTED = "interrupted"
    """An apply or a rollback was started, koonj has no record that it finished, and its session has ended."""
    FAILED = "failed"
    """The last apply or rollback failed."""
    ADOPTED = "adopted"
    """In the database before koonj was used, and recorded as applied. No command records it yet."""


GLYPHS: Mapping[State, str] = MappingProxyType(
    {
        State.APPLIED: "✓",
        State.PENDING: "◦",
        State.LATE: "◂",
        State.EDITED: "✎",
        State.COSMETIC: "~",
        State.ROLLBACK_EDITED: "↶",
        State.MISSING: "∅",
        State.RENAMED: "»",
        State.DUPLICATE: "=",
        State.RUNNING: "▸",
        State.INTERRUPTED: "!",
        State.FAILED: "✗",
        State.ADOPTED: "✦",
    }
)
"""Glyphs that differ from each other and fill one cell in every terminal (East Asian width N or Na)."""

ASCII_GLYPHS: Mapping[State, str] = MappingProxyType(
    {
        State.APPLIED: "+",
        State.PENDING: ".",
        State.LATE: "<",
        State.EDITED: "*",
        State.COSMETIC: "~",
        State.ROLLBACK_EDITED: "%",
        State.MISSING: "#",
        State.RENAMED: "&",
        State.DUPLICATE: "=",
        State.RUNNING: ">",
        State.INTERRUPTED: "!",
        State.FAILED: "x",
        State.ADOPTED: "@",
    }
)


MEANINGS: Mapping[State, str] = MappingProxyType(
    {
        State.APPLIED: "its body is in the database",
        State.ADOPTED: "applied before koonj, and recorded with koonj adopt",
        State.PENDING: "not applied yet",
        State.LATE: "pending, but a migration with a higher number is applied (out of order)",
        State.EDITED: "its statements were changed after it was applied",
        State.COSMETIC: "bytes differ, statements do not",
        State.ROLLBACK_EDITED: "only its rollback was changed",
        State.MISSING: "applied, but its file is missing",
        State.RENAMED: "applied under another file name",
        State.DUPLICATE: "another file has the same number",
        State.RUNNING: "an apply or a rollback of it runs now",
        State.INTERRUPTED: "started, no record that it finished, and its session has ended",
        State.FAILED: "the last attempt failed",
    }
)
"""Meaning of each state; the legend shows them."""
