"""Explain each state for a legend; README has the same words."""

from collections.abc import Mapping
from types import MappingProxyType

from koonj.migrations.states import State

MEANINGS: Mapping[State, str] = MappingProxyType(
    {
        State.APPLIED: "its body is in the database",
        State.PENDING: "not applied yet",
        State.LATE: "pending, but a migration with a higher number is applied (out of order)",
        State.EDITED: "its statements were changed after it was applied",
        State.COSMETIC: "bytes differ, statements do not",
        State.ROLLBACK_EDITED: "only its rollback was changed",
        State.MISSING: "applied, but its file is missing",
        State.DUPLICATE: "another file has the same number",
        State.INTERRUPTED: "started, no record that it finished: running now, or cut off",
        State.FAILED: "the last attempt failed",
        State.ADOPTED: "recorded as applied; it was in the database before koonj was used",
    }
)
