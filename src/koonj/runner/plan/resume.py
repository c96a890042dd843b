"""Decide where an unfinished migration resumes, and what must run before that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from koonj.migrations.history_entry import INTERRUPTED, HistoryEntry, Outcome
from koonj.migrations.migration import Migration
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.runner.plan.work import NumberedStep, number_steps
from koonj.runner.run.direction import Direction
from koonj.sql.script import Script
from koonj.sql.tokens import significant_texts
from koonj.sql.transactions import Mode, ScriptShape, as_written

_TRANSACTION_SETTINGS = frozenset({"local", "transaction", "constraints"})
"""Words after SET for settings that end with their transaction."""


def unfinished_entry(status: MigrationStatus, direction: Direction) -> HistoryEntry | None:
    """Return the entry of an unfinished run in this direction.

    None if it committed no statement.
    """
    entry = status.last_entry
    if entry is None or status.state not in (State.FAILED, State.INTERRUPTED):
        return None
    return entry if entry.action is direction.action and entry.statements_done else None


def ran_in_steps(status: MigrationStatus, direction: Direction) -> bool:
    """Return whether an unfinished run in this direction did not run in one transaction.

    Only such a run has an entry before its end, committed statements, or can be interrupted.
    """
    entry = status.last_entry
    if entry is None or status.state not in (State.FAILED, State.INTERRUPTED):
        return False
    started = entry.outcome is Outcome.STARTED or entry.statements_done > 0 or entry.error == INTERRUPTED
    return entry.action is direction.action and started


def is_unchanged(entry: HistoryEntry, migration: Migration, direction: Direction) -> bool:
    """Return whether the script is still the one that the entry ran."""
    prints = migration.fingerprints
    if direction is Direction.APPLY:
        return entry.statements_hash == prints.statements
    return entry.rollback_hash == prints.rollback


def same_beginning(ran: Migration, now: Migration, direction: Direction, done: int) -> bool:
    """Return whether the first `done` statements and their transactions are equal.

    If so, the user can fix the statement that failed, and the run resumes with it.
    """
    recorded = _beginning(ran, direction, done)
    return recorded is not None and recorded == _beginning(now, direction, done)


def _beginning(
    migration: Migration, direction: Direction, done: int
) -> list[tuple[bool, list[list[str]]]] | None:
    """Return the texts of the steps that contain the first `done` statements.

    None if the last of these statements is not the end of a step.
    """
    script, shape = _runnable(migration, direction)
    if script is None or shape is None:
        return None
    if shape.mode is Mode.ONE_TRANSACTION and not shape.wrapped:
        shape = as_written(script, ())  # it would have no committed statements otherwise
    steps = list(takewhile(lambda step: step.last <= done, number_steps(shape)))
    if not steps or steps[-1].last != done:
        return None
    return [(step.step.in_transaction, list(_statement_texts(script, step))) for step in steps]


def _runnable(migration: Migration, direction: Direction) -> tuple[Script | None, ScriptShape | None]:
    if direction is Direction.APPLY:
        return migration.sections.body, migration.shape
    return migration.sections.rollback, migration.rollback_shape


def _statement_texts(script: Script, step: NumberedStep) -> Iterator[list[str]]:
    for numbered in step.statements:
        rows = b"".join(script.data(numbered.statement)).decode(errors="surrogatepass")
        yield [*_words(numbered.statement.text), _folded(rows)]


def _words(text: str) -> list[str]:
    return [_folded(word) for word in significant_texts(text) if word != ";"]


def _folded(text: str) -> str:
    """The text with the line ends that git may change on checkout made equal, as fingerprints have them."""
    return text.replace("\r\n", "\n")


def sets_session(text: str) -> bool:
    """Return whether a statement changes settings of the session.

    In a new session, later statements need these settings again.
    """
    words = [word.lower() for word in _first_words(text)]
    if words[:1] in (["set"], ["reset"]):
        return words[1] not in _TRANSACTION_SETTINGS if len(words) > 1 else False
    return words[:3] == ["select", "set_config", "("] or words[:5] == _PG_DUMP


_PG_DUMP = ["select", "pg_catalog", ".", "set_config", "("]
"""Start of the statement with which pg_dump empties search_path."""


def _first_words(text: str) -> Sequence[str]:
    words = significant_texts(text)
    return [word for _, word in zip(range(5), words, strict=False)]
