"""What the screen says that cancelling a run leaves."""

from __future__ import annotations

import pytest

from koonj.runner.run import events, lock_events
from koonj.runner.run.cancel_wording import cancel_words
from koonj.runner.run.direction import Direction
from koonj.runner.run.planned import Plan, PlannedMigration, PlannedStatement
from koonj.runner.run.run_place import RunPlace
from koonj.sql.transactions import Mode
from koonj.tui.state.run import RunView, fold


def _planned(name: str, *statements: tuple[str, bool], whole: bool = False) -> PlannedMigration:
    listed = tuple(
        PlannedStatement(number, number, summary, in_transaction)
        for number, (summary, in_transaction) in enumerate(statements, 1)
    )
    return PlannedMigration(name, Direction.APPLY, whole, next(iter(Mode)), "", listed)


def _words(
    *migrations: PlannedMigration,
    at: int | None,
    statement: int = 1,
    done: int = 0,
    committed: int | None = None,
) -> str:
    """Return what is said while migration `at` of `migrations` runs `statement`, after `done` others."""
    plan = Plan("local", Direction.APPLY, protected=False, server="", migrations=migrations)
    of = len(migrations)
    seen: list[events.Event] = [events.PlanMade(plan), lock_events.LockAcquired(0.0)]
    for index, one in enumerate(migrations[: done if at is None else at + 1], 1):
        number = len(one.statements)
        name, whole = one.name, one.in_transaction
        seen.append(events.MigrationStarted(name, Direction.APPLY, index, of, number, whole))
        if index <= done:
            seen.append(events.MigrationFinished(name, Direction.APPLY, 0.1, number))
        elif statement:
            summary = one.statements[statement - 1].summary
            stays = statement - 1 if committed is None else committed
            seen.append(events.StatementStarted(name, statement, number, statement, summary, stays))
    place = RunPlace()
    for event in seen:
        place = place.after(event)
    words = cancel_words(place)
    assert words == cancel_words(fold(RunView("local", Direction.APPLY, 0.0), seen).place)
    return " ".join(words)


ONE = _planned("001_a.sql", ("create table a", True), ("create table b", True), whole=True)
STEPS = ("insert into a", False), ("update a", False), ("vacuum a", False), ("analyze a", False)


def test_migration_in_one_transaction_leaves_nothing() -> None:
    assert _words(ONE, at=0, statement=2) == (
        "001_a.sql runs in one transaction. Cancelling rolls it back: nothing of this migration stays."
    )


def test_other_migrations_are_counted() -> None:
    words = _words(ONE, ONE, ONE, ONE, at=2, done=2)
    assert words.endswith("2 of 4 migrations are applied and will stay so. 1 migration will not be started.")


def test_committed_statements_are_counted() -> None:
    several = _planned("001_a.sql", *STEPS)
    start = "001_a.sql runs in several transactions. "
    end = "the running one is cancelled."
    assert _words(several, at=0, statement=1) == f"{start}None of its 4 statements is done; {end}"
    end = f"{end} The history records that."
    assert _words(several, at=0, statement=2) == f"{start}1 of 4 statements is done and stays; {end}"
    assert _words(several, at=0, statement=4) == f"{start}3 of 4 statements are done and stay; {end}"


def test_only_statement_of_a_migration() -> None:
    words = _words(_planned("001_a.sql", ("create index concurrently i on a", False)), at=0)
    assert words.startswith(
        "001_a.sql is one statement outside a transaction, which is cancelled. The running statement leaves"
    )


def test_block_of_a_migration_is_rolled_back() -> None:
    mixed = _planned("001_a.sql", ("insert into a", False), ("update a", True), ("do $$ … $$", True))
    words = _words(mixed, at=0, statement=3, committed=1)
    assert "1 of 3 statements is done and stays; the transaction of the running one is rolled back." in words
    assert "commit in parts" not in words


def test_settlement_that_is_cancelled_records_nothing() -> None:
    started = events.RunStarted("3f2a91c4", "local", Direction.APPLY, settles="017_a.sql")
    (words,) = cancel_words(RunPlace().after(started))
    assert words.startswith("koonj settles the interruption of 017_a.sql. Cancelling stops the command")


def test_between_two_statements_no_number_is_told() -> None:
    several = _planned("001_a.sql", *STEPS)
    assert "Its committed statements stay" in _words(several, at=0, statement=0)


def test_between_two_migrations() -> None:
    assert _words(ONE, ONE, at=None, done=1) == (
        "No migration is running now. 1 of 2 migrations is applied and will stay so. "
        "1 migration will not be started."
    )


@pytest.mark.parametrize(
    ("summary", "left"),
    [
        (
            "create index concurrently a_idx on a",
            "leaves an INVALID index. The next apply removes it and builds",
        ),
        ("create unique index concurrently a_idx on a", "leaves an INVALID index."),
        ("drop index concurrently a_idx", "can leave its index INVALID. The next apply completes the drop."),
        ("reindex index concurrently a_idx", "can leave INVALID copies of indexes."),
        ("alter table a detach partition b concurrently", "can leave the detach pending."),
        ("call fill()", "can commit in parts."),
        ("create index a_idx on a", ""),
        ("vacuum a", ""),
        ("drop table a", ""),
    ],
)
def test_what_a_statement_leaves(summary: str, left: str) -> None:
    words = _words(_planned("001_a.sql", (summary, False)), at=0)
    assert ("The running statement " + left in words) if left else ("The running statement" not in words)
