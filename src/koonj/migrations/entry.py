"""An entry: one migration on one target."""

from dataclasses import dataclass

from koonj.migrations.act import HistoryEntry
from koonj.migrations.glyphs import State
from koonj.migrations.migration import Migration

DECISIVE = frozenset({State.LATE, State.EDITED, State.MISSING, State.DUPLICATE, State.INTERRUPTED})
"""States that need a person, until one has allowed them."""


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """One migration on one target."""

    number: int
    name: str
    state: State
    migration: Migration | None
    """None: there is no file."""
    last_entry: HistoryEntry | None
    """The entry that decides the state; None where nothing was ever done."""
    applied: bool
    """The body is in the database (what a rollback that stopped half way has left of it, too)."""
    allowed: bool
    """A person's decision covers the state as it is now."""
    note: str = ""
    """What else is to be said, in words."""
