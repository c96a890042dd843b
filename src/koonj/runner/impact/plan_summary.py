"""What decides about a plan: its first lines and its table, as values and words for command and screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from koonj.humanize import byte_words, listed
from koonj.migrations.names import name_parts, number_words
from koonj.postgres.locks.trace import LockMode
from koonj.runner.impact.lock_wording import lock_subject, relation_words
from koonj.runner.impact.plan_wording import lock_limits
from koonj.runner.rehearse.verdict import Verdict
from koonj.runner.run.planned import Plan, PlannedLock, PlannedMigration, PlannedStatement

_MOST = 5
"""Migrations that a line names."""
_STOPS_NO_TABLE = frozenset({"sequence", "composite type"})

NOT_REHEARSED = "not rehearsed yet"
UNKNOWN_LOCKS = "unknown until rehearsed"
NO_LOCKS = "none that other sessions wait for"

WORST_FIRST = (
    Verdict.BROKEN,
    Verdict.INCOMPLETE,
    Verdict.IRREVERSIBLE,
    Verdict.LOSSY,
    Verdict.REORDERED,
    Verdict.UNKNOWN,
    Verdict.VERIFIED,
)


@dataclass(frozen=True, slots=True)
class Heaviest:
    """The lock that stops most, of the statements that a plan or a migration would run."""

    migration: str
    """File name."""
    statement: int
    lock: PlannedLock

    @property
    def number(self) -> str:
        """The number of the migration, as written."""
        return number_words(self.migration)

    @property
    def mode(self) -> LockMode:
        """The mode of the lock."""
        return LockMode(self.lock.mode)

    @property
    def words(self) -> str:
        """Mode, table, size and effect: ``ACCESS EXCLUSIVE on documents (12 GB), rewrites it: blocks …``."""
        lock = self.lock
        if not lock.held:
            return lock.effect
        rest = lock.effect.removeprefix(f"{lock.mode} on {relation_words(lock.relation, lock.kind)}")
        return f"{lock.mode} on {lock_subject(lock)}{rest}"

    @property
    def weight(self) -> tuple[int, int, int, bool, int]:
        """What it stops, how long, its mode, and the size of the table: the largest is the heaviest."""
        lock = self.lock
        level = 0 if lock.kind in _STOPS_NO_TABLE else self.mode.level
        reads_all = lock.rewrites or lock.scans
        return level, lock.impact, self.mode.rank, reads_all, -1 if lock.bytes is None else lock.bytes


@dataclass(frozen=True, slots=True)
class VerdictGroup:
    """The migrations of a plan that have the same verdict."""

    verdict: Verdict
    names: tuple[str, ...]
    """Their numbers, in the order in which they run."""

    @property
    def words(self) -> str:
        """``1 broken: 018``, ``not rehearsed yet: 016, 017``; verified ones have no names."""
        if self.verdict is Verdict.UNKNOWN:
            return f"{NOT_REHEARSED}: {listed(self.names, _MOST)}"
        words = f"{len(self.names)} {self.verdict.value}"
        return words if self.verdict is Verdict.VERIFIED else f"{words}: {listed(self.names, _MOST)}"


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One migration in the table of a plan."""

    number: str
    name: str
    runs: str
    """How its statements commit, in two or three words."""
    verdict: Verdict | None
    """None: verdicts were not looked up."""
    heaviest: Heaviest | None
    """None: no lock is known."""

    @property
    def verdict_words(self) -> str:
        """The verdict in words; empty if it was not looked up."""
        if self.verdict is Verdict.UNKNOWN:
            return "not rehearsed"
        return "" if self.verdict is None else self.verdict.value

    @property
    def table(self) -> str:
        """What the heaviest lock is on."""
        lock = self.heaviest.lock if self.heaviest is not None else None
        return "" if lock is None else relation_words(lock.relation, lock.kind)

    @property
    def size(self) -> str:
        """Size of that table on the target, as far as it is known."""
        known = self.heaviest.lock.bytes if self.heaviest is not None else None
        return "" if known is None else byte_words(known)


def plan_rows(plan: Plan) -> tuple[PlanRow, ...]:
    """Return the table of a plan, in the order in which the migrations run."""
    return tuple(
        PlanRow(
            *name_parts(one.name),
            _runs(one, batch=plan.batch),
            None if one.verdict is None else Verdict(one.verdict),
            heaviest_of((one,)),
        )
        for one in plan.migrations
    )


def modes_words(plan: Plan) -> str:
    """Return how many migrations commit how: ``1 in one transaction, 2 in several transactions``."""
    inside = [one for one in plan.migrations if one.in_transaction]
    outside = [one for one in plan.migrations if _is_outside(one)]
    number, several = len(plan.migrations), len(plan.migrations) - len(inside) - len(outside)
    counts = (
        (len(inside), "in one transaction"),
        (several, "in several transactions"),
        (len(outside), "outside a transaction"),
    )
    if plan.batch and len(inside) == number:
        return "in one transaction: all of them, or none" if number > 1 else "in one transaction"
    for found, words in counts:
        if found == number:
            return f"each {words}" if number > 1 else words
    return ", ".join(f"{found} {words}" for found, words in counts if found)


def limits_words(plan: Plan) -> str:
    """Return the limits of all waits for a lock; empty if the migrations have different ones."""
    found = {lock_limits(migration) for migration in plan.migrations}
    return found.pop() if len(found) == 1 else ""


def verdict_groups(plan: Plan) -> tuple[VerdictGroup, ...]:
    """Return the verdicts with the numbers of their migrations, worst first; empty if none was looked up."""
    found: dict[Verdict, list[str]] = {}
    for one in plan.migrations:
        if one.verdict is not None:
            found.setdefault(Verdict(one.verdict), []).append(number_words(one.name))
    return tuple(VerdictGroup(verdict, tuple(found[verdict])) for verdict in WORST_FIRST if verdict in found)


def unknown_words(plan: Plan) -> str:
    """Return which locks are not known, and why: ``unknown until rehearsed: 017``; empty if all are known."""
    unknown = [one for one in plan.migrations if one.verdict == Verdict.UNKNOWN.value]
    partly = [
        one
        for one in plan.migrations
        if one.verdict not in {None, Verdict.UNKNOWN.value} and any(s.locks is None for s in _left(one))
    ]
    if unknown and len(unknown) == len(plan.migrations):
        return UNKNOWN_LOCKS
    parts = ((UNKNOWN_LOCKS, unknown), ("known only up to the failure", partly))
    return "; ".join(
        f"{words}: {listed([number_words(m.name) for m in who], _MOST)}" for words, who in parts if who
    )


def heaviest_of(migrations: Sequence[PlannedMigration]) -> Heaviest | None:
    """Return the lock that stops most: reads before writes, long before brief, then the larger table."""
    return max(_locks(migrations), key=lambda found: found.weight, default=None)


def _locks(migrations: Sequence[PlannedMigration]) -> Iterator[Heaviest]:
    for migration in migrations:
        for statement in _left(migration):
            for lock in statement.locks or ():
                yield Heaviest(migration.name, statement.index, lock)


def _left(migration: PlannedMigration) -> tuple[PlannedStatement, ...]:
    return migration.statements[migration.statements_done :]


def _is_outside(migration: PlannedMigration) -> bool:
    return not migration.in_transaction and not any(s.in_transaction for s in migration.statements)


def _runs(migration: PlannedMigration, *, batch: bool) -> str:
    if migration.in_transaction:
        return "in the batch" if batch else "one transaction"
    return "outside" if _is_outside(migration) else "several"
