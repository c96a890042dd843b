"""What stops a run until the user decides. Apart from the events: a status needs none of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something that stops a run until the user allows it or fixes it."""

    name: str
    """File name of the migration; empty if the conflict is not about one migration."""
    state: str
    """State of the migration (``late``, ``edited``, …), code of a problem, ``unknown_number``,
    ``rollback_missing``, ``invalid_index``, ``lossy``, ``reordered``, ``irreversible``, ``not_verified`` or
    ``not_transactional``."""
    message: str
    hint: str
    can_allow: bool
    """Whether the user can let the run continue (`--allow STATE` or `--override`). If not, fix the cause."""
    line: int | None = None
    column: int | None = None
