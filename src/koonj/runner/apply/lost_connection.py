"""Find out and record what a migration in several transactions committed when its connection was lost.

Never by guess: koonj waits until the server's old session has ended, and reads the history then. It writes
only while it holds the koonj lock again, and only if no other run has dealt with the entry in the meantime.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import AsyncConnection

from koonj.migrations.history_entry import Action, HistoryEntry, Outcome
from koonj.postgres import advisory_lock, history
from koonj.postgres.connector import ConnectError
from koonj.postgres.history import HistoryError
from koonj.postgres.overview import overview
from koonj.postgres.session import own_transaction
from koonj.postgres.statement_intent import settle_intent
from koonj.postgres.target_identity import check_identity
from koonj.runner.apply.journal import Journal, recorded_message
from koonj.runner.apply.settlement import until_told
from koonj.runner.evidence.interruption import Interruption, find_interruptions
from koonj.runner.evidence.interruption_wording import finding_words
from koonj.runner.evidence.statement_evidence import Effect


@dataclass(frozen=True, slots=True)
class LostEnd:
    """What is known about an entry whose connection was lost."""

    done: int
    """Number of statements that are certainly committed."""
    is_known: bool
    """All others are certainly not committed."""
    complete: bool = False
    """The migration is done, and the history has it."""
    words: str = ""
    """What was found, in sentences; empty if there is nothing to add."""
    reached: bool = True
    """The target answered."""
    left: Interruption | None = None
    """What is known of the statement in doubt, if the next run continues by itself."""


async def find_end(journal: Journal, entry_id: int, done: int, error: psycopg.Error | None) -> LostEnd:
    """Return what the entry has committed, and record it if it is known.

    `done`: number of statements of which koonj has received the end. `error`: None if the user cancelled.
    """
    found = await until_told(journal.session.control, lambda: _ask(journal, entry_id, done, error))
    return LostEnd(done, is_known=False, reached=False) if found is None else found


async def _ask(journal: Journal, entry_id: int, done: int, error: psycopg.Error | None) -> LostEnd | None:
    """Ask the target once; None if it does not answer, or if the old session is still at work."""
    session = journal.session
    try:
        async with await session.connector.connect(session.target, name="koonj settle") as conn:
            return await _find(conn, journal, entry_id, done, error)
    except (ConnectError, HistoryError, psycopg.Error):
        return None


async def _find(
    conn: AsyncConnection, journal: Journal, entry_id: int, done: int, error: psycopg.Error | None
) -> LostEnd | None:
    async with overview(conn, journal.session.target) as seen:
        entries = await history.read_entries(conn, seen.history, end=True)
    identity = await check_identity(journal.session.target, seen.server)
    entry = None if identity.is_other else next((e for e in entries if e.id == entry_id), None)
    if entry is None:
        words = identity.words if identity.is_other else "Its entry in the history was deleted."
        return LostEnd(done, is_known=False, words=words)
    if entry.outcome is not Outcome.STARTED or _is_replaced(entry, entries):
        return _as_recorded(entry, entries, done)
    interruption = (await find_interruptions(conn, journal.session.target, entries))[entry_id]
    if interruption.is_running:
        return None
    if not await advisory_lock.try_lock(conn):
        return _not_recorded(interruption, done, "Another run holds the koonj lock now, and will record it.")
    has_end = done >= interruption.statement > 0
    known = done if has_end else interruption.known_done
    if known is None or not (has_end or _is_exact(interruption)):
        return _not_recorded(interruption, done, finding_words(interruption))
    return await _record(conn, journal, interruption, max(known, done), error)


def _is_exact(interruption: Interruption) -> bool:
    """Return whether the statement in doubt did all or nothing. Otherwise the next run repairs or repeats it.

    Until then the entry has no end, so that the status shows what the statement left.
    """
    evidence = interruption.evidence
    return evidence is None or evidence.effect in (Effect.DONE, Effect.NOT)


def _is_replaced(entry: HistoryEntry, entries: tuple[HistoryEntry, ...]) -> bool:
    return any(e.id > entry.id and e.name == entry.name and e.action is not Action.ALLOW for e in entries)


def _as_recorded(entry: HistoryEntry, entries: tuple[HistoryEntry, ...], done: int) -> LostEnd:
    """Return what the history says now: this run itself, or another one, has written it."""
    if _is_replaced(entry, entries):
        last = max((e for e in entries if e.name == entry.name), key=lambda e: e.id)
        words = (
            f"Another run has dealt with it since. The history says now: {last.action.value} "
            f"{last.outcome.value}, {last.statements_done} of {last.statements_total} statements committed."
        )
        return LostEnd(max(done, entry.statements_done), is_known=False, words=words)
    complete = entry.outcome is Outcome.DONE
    return LostEnd(entry.statements_done, is_known=True, complete=complete)


def _not_recorded(interruption: Interruption, done: int, words: str) -> LostEnd:
    left = None if interruption.known_done is None else interruption
    done = max(done, interruption.entry.statements_done)
    return LostEnd(done, is_known=False, words=words, left=left)


async def _record(
    conn: AsyncConnection,
    journal: Journal,
    interruption: Interruption,
    done: int,
    error: psycopg.Error | None,
) -> LostEnd:
    entry, evidence = interruption.entry, interruption.evidence
    complete = done == entry.statements_total
    async with own_transaction(conn, journal.session.target):
        await settle_intent(conn, entry.id, interruption.statement, finding_words(interruption), None)
        await history.finish(
            conn,
            entry.id,
            Outcome.DONE if complete else Outcome.FAILED,
            done,
            error=None if complete else recorded_message(error),
            sqlstate=None if complete or error is None else error.sqlstate,
        )
    words = "" if evidence is None else evidence.text
    return LostEnd(done, is_known=True, complete=complete, words=words)
