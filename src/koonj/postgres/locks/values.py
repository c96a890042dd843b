"""What one statement did, as values: locks, rewrites, scans, changes. No database here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LockMode(StrEnum):
    """Table-level lock modes, weakest first, as PostgreSQL's documentation spells them.

    https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
    """

    ACCESS_SHARE = "ACCESS SHARE"
    ROW_SHARE = "ROW SHARE"
    ROW_EXCLUSIVE = "ROW EXCLUSIVE"
    SHARE_UPDATE_EXCLUSIVE = "SHARE UPDATE EXCLUSIVE"
    SHARE = "SHARE"
    SHARE_ROW_EXCLUSIVE = "SHARE ROW EXCLUSIVE"
    EXCLUSIVE = "EXCLUSIVE"
    ACCESS_EXCLUSIVE = "ACCESS EXCLUSIVE"

    @property
    def rank(self) -> int:
        """1 for the weakest, 8 for the strongest."""
        return list(LockMode).index(self) + 1

    @property
    def stops_writes(self) -> bool:
        """It conflicts with ROW EXCLUSIVE, which INSERT, UPDATE and DELETE take."""
        return self.rank >= LockMode.SHARE.rank

    @property
    def stops_reads(self) -> bool:
        """It conflicts with ACCESS SHARE, which SELECT takes."""
        return self is LockMode.ACCESS_EXCLUSIVE


@dataclass(frozen=True, slots=True)
class RelationLock:
    """The strongest lock on one relation that was there before the transaction began."""

    relation: str
    """Schema-qualified, quoted as SQL wants it, under its name before the transaction."""
    kind: str
    """``table``, ``partitioned table``, ``index``, ``view``, ``materialized view``, ``sequence``, …"""
    mode: LockMode
    of: str | None = None
    """Of an index: its table."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A relation that was read from end to end."""

    relation: str
    scans: int
    rows: int


@dataclass(frozen=True, slots=True)
class RowsWritten:
    """Rows that a statement wrote."""

    relation: str
    inserted: int
    updated: int
    deleted: int


@dataclass(frozen=True, slots=True)
class RelationChange:
    """A relation that came or went."""

    relation: str
    kind: str
    change: str
    """``created`` or ``dropped``; of an index ``validated`` where it was INVALID and is no more."""
    of: str | None = None
    """Of an index: its table."""
    valid: bool = True
    """Of a created index: is it valid?"""


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """A column of a relation that was there before the statement."""

    relation: str
    column: str
    """Its name before; of an added one its name now."""
    change: str
    """``added``, ``dropped``, ``renamed``, ``type_changed``, ``not_null``, ``nullable``, ``default``."""
    before: str = ""
    """Of ``renamed`` the name, of ``type_changed`` the type."""
    after: str = ""
    existed: bool = True
    """It was there before the transaction, so it can hold data."""
    generated: bool = False
    """Of ``dropped``: from other columns, so that its values can be had again."""
    base: str = ""
    """Of ``type_changed`` from a domain: the type that the domain is made of."""


@dataclass(frozen=True, slots=True)
class ConstraintChange:
    """A constraint that came, went or was validated."""

    relation: str
    constraint: str
    kind: str
    """``check``, ``foreign key``, ``primary key``, ``unique``, ``exclusion``, ``not null``, ``trigger``."""
    change: str
    """``added``, ``added_not_valid``, ``validated``, ``dropped``."""


@dataclass(frozen=True, slots=True)
class StatementTrace:
    """What one statement did, read in its own session before it committed."""

    index: int
    """1-based among the statements that the script sends."""
    line: int
    summary: str
    in_transaction: bool
    seconds: float
    wal_bytes: int | None = None
    """WAL written meanwhile; None where that cannot be told (others write on the same server)."""
    locks: tuple[RelationLock, ...] = ()
    """Locks that it took, on relations that were there before its transaction; one a relation, by name.

    One that is no stronger than what earlier statements hold on the relation is not here, but in `held`:
    whether it was taken again, the server does not say.
    """
    held: tuple[RelationLock, ...] = ()
    """Locks that earlier statements of the same transaction took, and that were held while it ran."""
    rewritten: tuple[str, ...] = ()
    """Tables and materialized views that got new storage with their rows in it."""
    rebuilt: tuple[str, ...] = ()
    """Indexes that were there before and were built anew."""
    truncated: tuple[str, ...] = ()
    """Tables that were truncated."""
    scanned: tuple[Scan, ...] = ()
    written: tuple[RowsWritten, ...] = ()
    relations: tuple[RelationChange, ...] = ()
    columns: tuple[ColumnChange, ...] = ()
    constraints: tuple[ConstraintChange, ...] = ()
    observed: bool = False
    """Its locks were seen from another session, since it cannot run in a transaction."""
    scanned_by_any_session: tuple[Scan, ...] = ()
    """Of a watched statement, instead of `scanned`: what all sessions together read whole meanwhile."""

    @property
    def effective(self) -> tuple[RelationLock, ...]:
        """The strongest lock on each relation while it ran, its own or one held; by name."""
        strongest = {lock.relation: lock for lock in self.held}
        for lock in self.locks:
            if lock.relation not in strongest or strongest[lock.relation].mode.rank < lock.mode.rank:
                strongest[lock.relation] = lock
        return tuple(strongest[name] for name in sorted(strongest))
