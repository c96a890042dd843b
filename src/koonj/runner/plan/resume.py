"""Where a migration goes on that stopped half way, and what it needs before that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from koonj.migrations.history_entry import HistoryEntry
from koonj.migrations.migration import Migration
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.runner.plan.work import NumberedStep, number_steps
from koonj.runner.run.events import Direction
from koonj.sql.script import Script
from koonj.sql.tokens import significant_texts
from koonj.sql.transactions import ScriptShape

_FOR_A_TRANSACTION = frozenset({"local", "transaction", "constraints"})


def half_done(status: MigrationStatus, direction: Direction) -> HistoryEntry | None:
    """The entry that stopped half way in this direction, with some of its statements committed."""
    entry = status.last_entry
    if entry is None or status.state not in (State.FAILED, State.INTERRUPTED):
        return None
    return entry if entry.action is direction.action and entry.statements_done else None


def is_unchanged(entry: HistoryEntry, migration: Migration, direction: Direction) -> bool:
    """Is the script that would run still the one that the entry ran?"""
    prints = migration.fingerprints
    if direction is Direction.APPLY:
        return entry.statements_hash == prints.statements
    return entry.rollback_hash == prints.rollback


def same_beginning(ran: Migration, now: Migration, direction: Direction, done: int) -> bool:
    """Do both scripts begin with the same `done` statements, in the same transactions?

    So a statement that failed can be mended, and the run goes on with it.
    """
    before = _beginning(ran, direction, done)
    return before is not None and before == _beginning(now, direction, done)


def _beginning(
    migration: Migration, direction: Direction, done: int
) -> list[tuple[bool, list[list[str]]]] | None:
    """What is said by the steps that the first `done` statements are; None where they are no whole steps."""
    script, shape = _runnable(migration, direction)
    if script is None or shape is None:
        return None
    steps = list(takewhile(lambda step: step.last <= done, number_steps(shape)))
    if not steps or steps[-1].last != done:
        return None
    return [(step.step.in_transaction, list(_said(script, step))) for step in steps]


def _runnable(migration: Migration, direction: Direction) -> tuple[Script | None, ScriptShape | None]:
    if direction is Direction.APPLY:
        return migration.sections.body, migration.shape
    return migration.sections.rollback, migration.rollback_shape


def _said(script: Script, step: NumberedStep) -> Iterator[list[str]]:
    for numbered in step.statements:
        rows = b"".join(script.data(numbered.statement)).decode(errors="surrogatepass")
        yield [*_words(numbered.statement.text), rows]


def _words(text: str) -> list[str]:
    return [word for word in significant_texts(text) if word != ";"]


def sets_session(text: str) -> bool:
    """Does a statement set the session, so that the statements after it need it again in a new one?"""
    words = [word.lower() for word in _first_words(text)]
    if words[:1] in (["set"], ["reset"]):
        return words[1] not in _FOR_A_TRANSACTION if len(words) > 1 else False
    return words[:3] == ["select", "set_config", "("] or words[:5] == _PG_DUMP


_PG_DUMP = ["select", "pg_catalog", ".", "set_config", "("]
"""As pg_dump empties search_path."""


def _first_words(text: str) -> Sequence[str]:
    words = significant_texts(text)
    return [word for _, word in zip(range(5), words, strict=False)]
