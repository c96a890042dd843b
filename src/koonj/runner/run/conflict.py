"""What stops a run until the user decides. Apart from the events: a status needs none of them."""

from collections.abc import Iterable
from dataclasses import dataclass

NOT_TRANSACTIONAL = "not_transactional"
"""State of a conflict: the migration is not one transaction, so it can be in no probe and no batch."""

TOOL_REFUSES = "tool_refuses"
"""State of a conflict: the tool of the folder would refuse, or koonj cannot do what it would do."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something that stops a run until the user allows it or fixes it."""

    name: str
    """File name of the migration; empty if the conflict is not about one migration."""
    state: str
    """State of the migration (``late``, ``edited``, …), code of a problem, ``unknown_number``,
    ``rollback_missing``, ``invalid_index``, ``lossy``, ``reordered``, ``irreversible``, ``not_verified``,
    ``not_transactional`` or ``tool_refuses``."""
    message: str
    hint: str
    can_allow: bool
    """Whether the user can let the run continue (`--allow STATE` or `--override`). If not, fix the cause."""
    line: int | None = None
    column: int | None = None


_DECISIVE = (
    "missing",
    "edited",
    "broken",
    "incomplete",
    "irreversible",
    "lossy",
    "not_verified",
    "rollback_edited",
    "renamed",
    "late",
    "reordered",
)
"""States that can be allowed: first what differs from the files or loses data, last what is only order."""


def decisive_first(conflicts: Iterable[Conflict]) -> tuple[Conflict, ...]:
    """Return the conflicts in the order in which the user decides: first what decides about the others."""

    def place(conflict: Conflict) -> tuple[bool, int]:
        known = conflict.state in _DECISIVE
        return conflict.can_allow, _DECISIVE.index(conflict.state) if known else len(_DECISIVE)

    return tuple(sorted(conflicts, key=place))
