"""What each state means, for a legend; README has the same words."""

from collections.abc import Mapping
from types import MappingProxyType

from koonj.migrations.glyphs import State

MEANINGS: Mapping[State, str] = MappingProxyType(
    {
        State.APPLIED: "its body is in the database",
        State.PENDING: "not applied yet",
        State.LATE: "pending, though a later one is applied",
        State.EDITED: "its statements were changed after it was applied",
        State.COSMETIC: "bytes differ, statements do not",
        State.ROLLBACK_EDITED: "only its rollback was changed",
        State.MISSING: "applied, but its file is gone",
        State.DUPLICATE: "another file has its number",
        State.INTERRUPTED: "started, its end not recorded",
        State.FAILED: "the last attempt failed",
        State.ADOPTED: "recorded as applied, from before koonj",
    }
)
