"""An apply or rollback without a recorded end: who runs it, or what is known about its last statement.

A statement that failed can have left as much as one that was interrupted, such as an INVALID index.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from psycopg import AsyncConnection

from koonj.config import Target
from koonj.migrations.history_entry import INTERRUPTED, Action, HistoryEntry, Outcome
from koonj.migrations.history_summary import summaries
from koonj.postgres.advisory_lock import LockHolder
from koonj.postgres.overview import overview
from koonj.postgres.statement_intent import StatementIntent, read_intents
from koonj.runner.evidence.statement_evidence import Effect, StatementEvidence, unknown


@dataclass(frozen=True, slots=True)
class Interruption:
    """A history entry without a recorded end, or with a failed statement that left something."""

    entry: HistoryEntry
    pid: int | None = None
    """The server process that is at work on it now; None: it has ended."""
    holder: LockHolder | None = None
    """That process, if it holds the koonj lock: its run is in progress."""
    statement: int = 0
    """Number of the statement that was sent and is not counted; 0: none."""
    evidence: StatementEvidence | None = None
    """What the catalog shows about this statement; None: there is none, or it still runs."""

    @property
    def has_failed(self) -> bool:
        """Whether the statement failed, and the history says so."""
        return self.entry.outcome is Outcome.FAILED

    @property
    def is_running(self) -> bool:
        """Whether a session is still at work on it."""
        return self.pid is not None

    @property
    def known_done(self) -> int | None:
        """Number of statements that are certainly committed, the others certainly not; None: not known.

        A statement that can simply run again counts as not committed.
        """
        if self.is_running or (self.evidence is not None and self.evidence.needs_decision):
            return None
        evidence = self.evidence
        if evidence is not None and (evidence.effect is Effect.DONE or evidence.done_after_repair):
            return self.statement
        return self.entry.statements_done

    @property
    def repair(self) -> tuple[str, ...]:
        """Commands that the next run runs first, so that `known_done` is true."""
        return () if self.evidence is None or self.known_done is None else self.evidence.repair


async def find_interruptions(
    conn: AsyncConnection, target: Target, entries: Collection[HistoryEntry]
) -> Mapping[int, Interruption]:
    """Return what is known of the entries without a recorded end, by the id of the entry.

    Also of those whose statement failed, if the next run repairs what it left. Entries that a later one has
    replaced are omitted. It reads in a transaction of its own.

    Raises:
        ConnectError: The target was lost.
        psycopg.Error: The connection was lost, or this role cannot read koonj.statement.
    """
    if all(entry.outcome not in (Outcome.STARTED, Outcome.FAILED) for entry in entries):
        return {}  # of 10,000 entries, the sum is not computed
    last = (_last_attempt(summary.attempts) for summary in summaries(entries).values())
    found = await _find(conn, target, [entry for entry in last if entry is not None])
    return {each.entry.id: each for each in found if not each.has_failed or each.repair}


async def find_interruption(conn: AsyncConnection, target: Target, entry: HistoryEntry) -> Interruption:
    """Return what is known of one entry (`find_interruptions`), also if nothing is left to repair."""
    (found,) = await _find(conn, target, (entry,))
    return found


async def _find(
    conn: AsyncConnection, target: Target, entries: Sequence[HistoryEntry]
) -> tuple[Interruption, ...]:
    if not entries:
        return ()
    async with overview(conn, target) as seen:
        intents = await read_intents(conn) if seen.history.has_statements else ()
        found = [await _interruption(conn, entry, intents, seen.holder) for entry in entries]
    return tuple(found)


def _last_attempt(attempts: Sequence[HistoryEntry]) -> HistoryEntry | None:
    """Return the last attempt, if it has no recorded end or failed.

    A rollback that changed nothing does not count.
    """
    for attempt in reversed(attempts):
        if attempt.outcome is Outcome.STARTED:
            return attempt
        if attempt.statements_done or attempt.action is not Action.ROLLBACK:
            return attempt if attempt.outcome is Outcome.FAILED else None
    return None


async def _interruption(
    conn: AsyncConnection, entry: HistoryEntry, intents: Sequence[StatementIntent], holder: LockHolder | None
) -> Interruption:
    mine = [intent for intent in intents if intent.entry_id == entry.id]
    following = entry.statements_done + 1
    if entry.statements_done == entry.statements_total:
        return Interruption(entry)
    if entry.outcome is Outcome.FAILED:
        return await _left(conn, entry, mine)
    if not mine:
        evidence = unknown("The history does not tell whether it was sent: an older version of koonj ran it.")
        return Interruption(entry, statement=following, evidence=evidence)
    sent = next((intent for intent in mine if intent.index == following), None)
    index = 0 if sent is None else sent.index
    session = mine[0]
    if session.is_at_work(holder):
        held = holder if holder is not None and holder.pid == session.backend.pid else None
        return Interruption(entry, session.backend.pid, held, index)
    return Interruption(entry) if sent is None else await _judged(conn, entry, sent)


async def _left(
    conn: AsyncConnection, entry: HistoryEntry, intents: Sequence[StatementIntent]
) -> Interruption:
    """Return what a failed statement has left. Its session can still be there, and does something else."""
    return await _judged(conn, entry, intents[0]) if intents else Interruption(entry)


async def _judged(conn: AsyncConnection, entry: HistoryEntry, sent: StatementIntent) -> Interruption:
    from koonj.runner.evidence.judge import judge  # noqa: PLC0415 - brings the parser, and is seldom needed

    return Interruption(entry, statement=sent.index, evidence=await judge(conn, sent))


def with_known_ends(
    entries: Iterable[HistoryEntry], interruptions: Mapping[int, Interruption]
) -> tuple[HistoryEntry, ...]:
    """Return the entries as they will be when everything that is known is recorded."""
    return tuple(_ended(entry, interruptions.get(entry.id)) for entry in entries)


def _ended(entry: HistoryEntry, interruption: Interruption | None) -> HistoryEntry:
    done = None if interruption is None else interruption.known_done
    if interruption is None or done is None or (interruption.has_failed and done == entry.statements_done):
        return entry
    if done == entry.statements_total:
        return replace(entry, outcome=Outcome.DONE, statements_done=done, finished=entry.started)
    return replace(
        entry, outcome=Outcome.FAILED, statements_done=done, finished=entry.started, error=INTERRUPTED
    )
