"""An apply or rollback without a recorded end: who runs it, or what is known about its last statement."""

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
    """A history entry without a recorded end, and what is known of it."""

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

    Entries that a later one has replaced are omitted. It reads in a transaction of its own.

    Raises:
        ConnectError: The target was lost.
        psycopg.Error: The connection was lost, or this role cannot read koonj.statement.
    """
    if all(entry.outcome is not Outcome.STARTED for entry in entries):
        return {}  # of 10,000 entries, the sum is not computed
    found = (_without_end(summary.attempts) for summary in summaries(entries).values())
    started = [entry for entry in found if entry is not None]
    if not started:
        return {}
    async with overview(conn, target) as seen:
        intents = await read_intents(conn) if seen.history.has_statements else ()
        holder = seen.holder
        return {entry.id: await _interruption(conn, entry, intents, holder) for entry in started}


def _without_end(attempts: Sequence[HistoryEntry]) -> HistoryEntry | None:
    """Return the last attempt if it has no recorded end; one that changed nothing does not count."""
    for attempt in reversed(attempts):
        if attempt.outcome is Outcome.STARTED:
            return attempt
        if attempt.statements_done or attempt.action is not Action.ROLLBACK:
            return None
    return None


async def _interruption(
    conn: AsyncConnection, entry: HistoryEntry, intents: Sequence[StatementIntent], holder: LockHolder | None
) -> Interruption:
    mine = [intent for intent in intents if intent.entry_id == entry.id]
    following = entry.statements_done + 1
    if entry.statements_done == entry.statements_total:
        return Interruption(entry)
    if not mine:
        evidence = unknown("The history does not tell whether it was sent: an older version of koonj ran it.")
        return Interruption(entry, statement=following, evidence=evidence)
    sent = next((intent for intent in mine if intent.index == following), None)
    index = 0 if sent is None else sent.index
    session = mine[0]
    if session.is_at_work(holder):
        held = holder if holder is not None and holder.pid == session.backend.pid else None
        return Interruption(entry, session.backend.pid, held, index)
    if sent is None:
        return Interruption(entry)
    from koonj.runner.evidence.judge import judge  # noqa: PLC0415 - brings the parser, and is seldom needed

    return Interruption(entry, statement=index, evidence=await judge(conn, sent))


def with_known_ends(
    entries: Iterable[HistoryEntry], interruptions: Mapping[int, Interruption]
) -> tuple[HistoryEntry, ...]:
    """Return the entries as they will be when everything that is known is recorded."""
    return tuple(_ended(entry, interruptions.get(entry.id)) for entry in entries)


def _ended(entry: HistoryEntry, interruption: Interruption | None) -> HistoryEntry:
    done = None if interruption is None else interruption.known_done
    if done is None:
        return entry
    if done == entry.statements_total:
        return replace(entry, outcome=Outcome.DONE, statements_done=done, finished=entry.started)
    return replace(
        entry, outcome=Outcome.FAILED, statements_done=done, finished=entry.started, error=INTERRUPTED
    )
