"""Value classes for the effects of one statement: locks, rewrites, scans, changes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LockMode(StrEnum):
    """Table-level lock modes, weakest first, as in PostgreSQL's documentation.

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
        """1 for the weakest mode, 8 for the strongest."""
        return list(LockMode).index(self) + 1

    @property
    def stops_writes(self) -> bool:
        """Whether it conflicts with ROW EXCLUSIVE, which INSERT, UPDATE and DELETE take."""
        return self.rank >= LockMode.SHARE.rank

    @property
    def stops_reads(self) -> bool:
        """Whether it conflicts with ACCESS SHARE, which SELECT takes."""
        return self is LockMode.ACCESS_EXCLUSIVE

    @property
    def level(self) -> int:
        """How much it stops: 1 neither reads nor writes, 2 writes, 3 reads too."""
        return 3 if self.stops_reads else 2 if self.stops_writes else 1


_FIRST_CONFLICT = (8, 7, 5, 4, 3, 3, 2, 1)
"""For each mode, the rank of the weakest mode that conflicts with it. The stronger ones do, too."""


def conflicting(mode: LockMode) -> tuple[LockMode, ...]:
    """Return the modes that another session cannot hold while a session holds `mode`."""
    first = _FIRST_CONFLICT[mode.rank - 1]
    found = (other for other in LockMode if other.rank >= first)
    return tuple(other for other in found if not mode is other is LockMode.SHARE)


@dataclass(frozen=True, slots=True)
class RelationLock:
    """The strongest lock on one relation that existed before the transaction."""

    relation: str
    """Schema-qualified and quoted for SQL, with its name before the transaction."""
    kind: str
    """``table``, ``partitioned table``, ``index``, ``view``, ``materialized view``, ``sequence``, …"""
    mode: LockMode
    of: str | None = None
    """For an index: its table."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A sequential scan of a relation."""

    relation: str
    scans: int
    rows: int


@dataclass(frozen=True, slots=True)
class RowsWritten:
    """Numbers of rows that a statement wrote to one relation."""

    relation: str
    inserted: int
    updated: int
    deleted: int


@dataclass(frozen=True, slots=True)
class RelationChange:
    """A relation that the statement created or dropped, or an index it validated."""

    relation: str
    kind: str
    change: str
    """``created``, ``dropped``, or for an index ``validated`` if it was INVALID before."""
    of: str | None = None
    """For an index: its table."""
    valid: bool = True
    """For a created index: whether it is valid."""


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """Change of a column of a relation that existed before the statement."""

    relation: str
    column: str
    """Name before the statement; for an added column, the name after it."""
    change: str
    """``added``, ``dropped``, ``renamed``, ``type_changed``, ``not_null``, ``nullable``, ``default``."""
    before: str = ""
    """For ``renamed`` the name, for ``type_changed`` the type."""
    after: str = ""
    existed: bool = True
    """Whether it existed before the transaction, so that it can contain data."""
    generated: bool = False
    """For ``dropped``: whether it was computed from other columns, so that its values can be restored."""
    base: str = ""
    """For ``type_changed`` from a domain: the type on which the domain is based."""


@dataclass(frozen=True, slots=True)
class ConstraintChange:
    """A constraint that was added, dropped or validated."""

    relation: str
    constraint: str
    kind: str
    """``check``, ``foreign key``, ``primary key``, ``unique``, ``exclusion``, ``not null``, ``trigger``."""
    change: str
    """``added``, ``added_not_valid``, ``validated``, ``dropped``."""


@dataclass(frozen=True, slots=True)
class StatementTrace:
    """Effects of one statement, read in its own session before it committed."""

    index: int
    """1-based position among the statements of the script."""
    line: int
    summary: str
    in_transaction: bool
    seconds: float
    wal_bytes: int | None = None
    """WAL written during the statement. None if other sessions write on the same server too."""
    locks: tuple[RelationLock, ...] = ()
    """Locks that it took on relations that existed before its transaction; one per relation, by name.

    If an earlier statement already held a lock of the same or a stronger mode, the lock is not here but in
    `held`: the server does not show whether it was taken again.
    """
    held: tuple[RelationLock, ...] = ()
    """Locks that earlier statements of the same transaction took, and that were held while it ran."""
    rewritten: tuple[str, ...] = ()
    """Tables and materialized views whose rows were copied to new storage."""
    rebuilt: tuple[str, ...] = ()
    """Indexes that existed before and were rebuilt."""
    truncated: tuple[str, ...] = ()
    """Tables that were truncated."""
    scanned: tuple[Scan, ...] = ()
    written: tuple[RowsWritten, ...] = ()
    relations: tuple[RelationChange, ...] = ()
    columns: tuple[ColumnChange, ...] = ()
    constraints: tuple[ConstraintChange, ...] = ()
    observed: bool = False
    """Whether its locks were observed from another session, because it cannot run in a transaction."""
    scanned_by_any_session: tuple[Scan, ...] = ()
    """Scans by all sessions during a statement that is observed from another session; `scanned` is empty
    then.
    """

    @property
    def effective(self) -> tuple[RelationLock, ...]:
        """The strongest lock on each relation while it ran, taken or held; by name."""
        strongest = {lock.relation: lock for lock in self.held}
        for lock in self.locks:
            if lock.relation not in strongest or strongest[lock.relation].mode.rank < lock.mode.rank:
                strongest[lock.relation] = lock
        return tuple(strongest[name] for name in sorted(strongest))
