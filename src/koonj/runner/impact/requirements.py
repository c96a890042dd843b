"""What a plan needs on its target, from the rehearsals of its migrations, and what of it the target lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from koonj.humanize import count, duration, listed, number_words, span_words
from koonj.postgres.locks.trace import LockMode, conflicting
from koonj.postgres.target_conditions import OpenTransaction, TargetConditions
from koonj.runner.impact.lock_counts import LockCount
from koonj.runner.impact.plan_locks import traces_of
from koonj.runner.impact.rights import Need, made_by, refused_rights, rights_needed
from koonj.runner.rehearse.verdict import Rehearsal
from koonj.runner.run.direction import Direction
from koonj.runner.run.planned import PlannedMigration

LAG = 10.0
"""Seconds from which on a plan names the lag of a standby."""
LARGE_SHARE = 0.5
"""Share of the server's lock table from which on a plan warns."""


@dataclass(frozen=True, slots=True)
class Requirements:
    """What the migrations of a plan need of the target."""

    needs: tuple[Need, ...]
    stops_reads: bool
    """Whether a statement takes ACCESS EXCLUSIVE, which standbys take too when they replay it."""
    locked: Mapping[str, str] = field(default_factory=dict)
    """Relations on which a vacuum is in the way, and the first migration that locks each."""
    concurrently: str = ""
    """Migration and summary of the first CONCURRENTLY statement; empty if there is none."""


def requirements(
    migrations: Iterable[PlannedMigration],
    rehearsals: Mapping[str, Rehearsal],
    direction: Direction,
    texts: Mapping[str, Mapping[int, str]],
) -> Requirements:
    """Return what the statements need that will run, as far as their texts and rehearsals show it.

    `texts`: their texts by number, by file name; without the migrations that change the role themselves, so
    that it is unknown who runs their statements.
    """
    needs: list[Need] = []
    made: set[str] = set()
    stops_reads, concurrently = False, ""
    locked: dict[str, str] = {}
    for migration in migrations:
        rehearsal = rehearsals.get(migration.name)
        recorded = () if rehearsal is None else traces_of(rehearsal, direction)
        traces = [trace for trace in recorded if trace.index > migration.statements_done]
        if migration.name in texts:
            needs += rights_needed(migration, traces, texts[migration.name], made)
        made |= made_by(traces)
        if rehearsal is None:
            continue
        modes = {lock.mode for trace in traces for lock in trace.locks}
        for lock in (lock for trace in traces for lock in trace.locks):
            if LockMode.SHARE_UPDATE_EXCLUSIVE in conflicting(lock.mode):
                locked.setdefault(lock.relation, migration.name)
        stops_reads = stops_reads or LockMode.ACCESS_EXCLUSIVE in modes
        concurrently = concurrently or _concurrently(migration)
    return Requirements(tuple(needs), stops_reads, locked, concurrently)


def _concurrently(migration: PlannedMigration) -> str:
    later = (one for one in migration.statements if one.index > migration.statements_done)
    found = (one for one in later if not one.in_transaction and " concurrently" in one.summary)
    return next((f"{migration.name}: '{one.summary}'" for one in found), "")


def lacking(needed: Requirements, found: TargetConditions, locks: Mapping[str, LockCount]) -> Iterator[str]:
    """Yield a sentence for each requirement that the target does not meet, and for what standbys suffer.

    `locks`: what each migration locks, by file name.
    """
    yield from refused_rights(needed.needs, found.rights)
    for name, locked in locks.items():
        yield from _room(name, locked, found.lock_room)
    for vacuum in found.urgent_vacuums:
        who, since = needed.locked.get(vacuum.relation, "This run"), span_words(vacuum.seconds)
        yield (
            f"{who} will wait for an autovacuum on {vacuum.relation} (pid {vacuum.pid}, since {since}). It "
            "prevents transaction id wraparound, so it does not step aside, and the server starts it again "
            "if it is cancelled. Apply when it has ended; how far it is: "
            f"SELECT * FROM pg_stat_progress_vacuum WHERE pid = {vacuum.pid};"
        )
    if needed.concurrently and found.open_transactions:
        open_ones = "; ".join(_words(one) for one in found.open_transactions)
        yield f"{needed.concurrently} waits until older transactions have ended, such as: {open_ones}."
    if found.standbys and found.lag is not None and found.lag >= LAG:
        yield (
            f"A standby is {duration(found.lag)} behind in replaying changes, and this run adds to that. "
            "What reads from it sees the new schema that much later."
        )
    if found.standbys and needed.stops_reads:
        yield (
            f"{count(found.standbys, 'standby', 'standbys')} will take the ACCESS EXCLUSIVE locks too, when "
            "replaying them: readers there wait, or are cancelled after max_standby_streaming_delay."
        )


def _room(name: str, locked: LockCount, room: int) -> Iterator[str]:
    """Yield a sentence if a migration needs most of the shared lock table, or more than all of it.

    Source: PostgreSQL doc, "Lock Management", max_locks_per_transaction.
    """
    if locked.relations <= LARGE_SHARE * room:
        return
    most = f", with the partitions of {listed(locked.tables, 3)}" if locked.tables else ""
    fits = f"the server has room for {number_words(room)} locks"
    if locked.relations > room:
        yield (
            f"{name} locks {number_words(locked.relations)} relations at once{most}, and {fits}: it can fail "
            "with 'out of shared memory'. Split it, or raise max_locks_per_transaction (needs a restart)."
        )
    else:
        yield (
            f"{name} locks {number_words(locked.relations)} relations at once{most}, and {fits}, which all "
            "sessions share: others can fail with 'out of shared memory' meanwhile. Run it when few are "
            "active, or raise max_locks_per_transaction (needs a restart)."
        )


def _words(one: OpenTransaction) -> str:
    who = " ".join(part for part in (one.name, one.application) if part)
    return f"{who} (user {one.owner}), {one.state}, open for {span_words(one.seconds)}"
