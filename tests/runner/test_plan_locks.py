"""Tests of verdicts and locks in a plan: which statement gets which locks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from koonj.postgres.activity import RelationFacts
from koonj.postgres.locks.trace import LockMode, RelationChange, RelationLock, Scan, StatementTrace
from koonj.runner.impact.plan_locks import relations_of, with_impact
from koonj.runner.rehearse.verdict import Rehearsal, Verdict
from koonj.runner.run.codec import from_plain, to_plain
from koonj.runner.run.direction import Direction
from koonj.runner.run.planned import Plan, PlannedLock, PlannedMigration, PlannedStatement
from koonj.sql.transactions import Mode

DOCUMENTS = "public.documents"
LOCK = RelationLock(DOCUMENTS, "table", LockMode.ACCESS_EXCLUSIVE)
CREATED = RelationChange(DOCUMENTS, "table", "created")
DROPPED = RelationChange(DOCUMENTS, "table", "dropped")
FACTS = {DOCUMENTS: RelationFacts(DOCUMENTS, "table", bytes=12 * 1024**3, rows=40_000_000)}


def _migration(number: int, statements: int = 1, **parts: object) -> PlannedMigration:
    planned = tuple(PlannedStatement(k, k, f"statement {k}", True) for k in range(1, statements + 1))
    migration = PlannedMigration(
        f"{number:03}_x.sql", Direction.APPLY, True, Mode.ONE_TRANSACTION, "one transaction", planned
    )
    return replace(migration, **parts)  # type: ignore[arg-type]


def _trace(index: int = 1, **parts: object) -> StatementTrace:
    return replace(
        StatementTrace(index, index, f"statement {index}", in_transaction=True, seconds=0.0),
        **parts,  # type: ignore[arg-type]
    )


def _rehearsal(
    migration: PlannedMigration, *up: StatementTrace, rollback: tuple[StatementTrace, ...] = ()
) -> Rehearsal:
    return Rehearsal(
        migration.name,
        1,
        Verdict.VERIFIED,
        "It repeats.",
        "key",
        "PostgreSQL 18",
        18,
        apply=up,
        rollback=rollback,
    )


def _modes(migration: PlannedMigration) -> list[list[str] | None]:
    return [None if one.locks is None else [lock.mode for lock in one.locks] for one in migration.statements]


def test_plan_without_rehearsals_says_that_nothing_was_rehearsed() -> None:
    plan = (_migration(1), _migration(2))
    assert with_impact(plan, {}, FACTS) == tuple(replace(one, verdict="unknown") for one in plan)


def test_plan_has_the_locks_of_each_statement_and_the_verdict_of_each_migration() -> None:
    one, two = _migration(1, statements=3), _migration(2)
    found = _rehearsal(one, _trace(2, locks=(LOCK,)), _trace(1))
    first, second = with_impact((one, two), {one.name: found}, FACTS)
    assert _modes(first) == [[], ["ACCESS EXCLUSIVE"], None]
    assert (first.verdict, first.verdict_message) == ("verified", "It repeats.")
    assert _modes(second) == [None]
    assert second.verdict == "unknown"
    assert first.statements[1].locks is not None
    lock = first.statements[1].locks[0]
    assert (lock.bytes, lock.rows, lock.kind, lock.impact) == (12 * 1024**3, 40_000_000, "table", 2)


def test_statement_has_no_locks_when_it_differs_or_will_not_run() -> None:
    one = _migration(1, statements=2, statements_done=1)
    found = _rehearsal(one, _trace(1, locks=(LOCK,)), _trace(2, summary="other", locks=(LOCK,)))
    assert _modes(with_impact((one,), {one.name: found}, FACTS)[0]) == [None, None]


@pytest.mark.parametrize(
    ("earlier", "facts", "warned"),
    [
        ((CREATED,), {}, False),
        ((CREATED,), FACTS, True),  # CREATE TABLE IF NOT EXISTS on a table that exists
        ((DROPPED, CREATED), FACTS, False),
        ((CREATED, DROPPED), {}, True),
        ((), {}, True),
    ],
)
def test_relation_created_by_the_plan_has_no_locks(
    earlier: tuple[RelationChange, ...], facts: dict[str, RelationFacts], *, warned: bool
) -> None:
    one, two = _migration(1, statements=len(earlier)), _migration(2)
    traces = (_trace(k, relations=(change,)) for k, change in enumerate(earlier, start=1))
    rehearsals = {one.name: _rehearsal(one, *traces), two.name: _rehearsal(two, _trace(locks=(LOCK,)))}
    assert _modes(with_impact((one, two), rehearsals, facts)[1]) == [["ACCESS EXCLUSIVE"] if warned else []]


def test_activity_of_a_table_is_shown_once() -> None:
    one = _migration(1, statements=2)
    busy = {DOCUMENTS: replace(FACTS[DOCUMENTS], waiting=2)}
    (planned,) = with_impact(
        (one,), {one.name: _rehearsal(one, _trace(1, locks=(LOCK,)), _trace(2, locks=(LOCK,)))}, busy
    )
    assert [lock.activity for each in planned.statements for lock in each.locks or ()] == [
        "2 wait for one",
        "",
    ]


def test_table_of_an_unfinished_run_counts_as_existing() -> None:
    one = _migration(1, statements=2, statements_done=1)
    found = _rehearsal(one, _trace(1, relations=(CREATED,)), _trace(2, locks=(LOCK,)))
    assert _modes(with_impact((one,), {one.name: found}, FACTS)[0]) == [None, ["ACCESS EXCLUSIVE"]]


def test_rollback_has_the_locks_of_the_rollback_script() -> None:
    one = _migration(1, direction=Direction.ROLLBACK)
    found = _rehearsal(one, _trace(), rollback=(_trace(locks=(LOCK,)),))
    assert _modes(with_impact((one,), {one.name: found}, FACTS)[0]) == [["ACCESS EXCLUSIVE"]]


def test_relations_of_a_rehearsal_include_locked_scanned_and_created_ones() -> None:
    index = RelationLock("public.i", "index", LockMode.SHARE, of="public.t")
    trace = _trace(locks=(LOCK,), held=(index,), scanned=(Scan("public.s", 1, 0),))
    changes = _trace(2, relations=(RelationChange("public.new", "table", "created"), DROPPED))
    rehearsals = {"001_x.sql": _rehearsal(_migration(1), trace, changes)}
    names = {DOCUMENTS, "public.i", "public.t", "public.s", "public.new"}
    assert relations_of(rehearsals, Direction.APPLY) == names
    assert relations_of(rehearsals, Direction.ROLLBACK) == frozenset()


def test_plan_is_equal_after_conversion_to_json_and_back() -> None:
    one = _migration(1)
    (planned,) = with_impact((one,), {one.name: _rehearsal(one, _trace(locks=(LOCK,)))}, FACTS)
    plan = Plan("local", Direction.APPLY, False, "PostgreSQL 18", (planned,))
    again = from_plain(Plan, to_plain(plan))
    assert again == plan
    assert isinstance((again.migrations[0].statements[0].locks or ())[0], PlannedLock)


def test_held_lock_is_shown_once_and_again_when_its_impact_is_higher() -> None:
    """n statements that scan a table each must not show n² locks."""
    names = [f"public.t{k}" for k in range(8)]
    locks = [RelationLock(name, "table", LockMode.ACCESS_EXCLUSIVE) for name in names]
    small = {name: RelationFacts(name, "table", bytes=8192, rows=1) for name in names}
    facts = {**small, names[5]: RelationFacts(names[5], "table", bytes=12 * 1024**3, rows=40_000_000)}
    traces = [
        _trace(k + 1, locks=(lock,), held=tuple(locks[:k]), scanned=(Scan(names[k], 1, 0),))
        for k, lock in enumerate(locks)
    ]
    migration = _migration(1, 8)
    (planned,) = with_impact((migration,), {migration.name: _rehearsal(migration, *traces)}, facts)
    held = [[lock.relation for lock in one.locks or () if lock.held] for one in planned.statements]
    assert held == [[], names[:1], names[1:2], names[2:3], names[3:4], names[:5], names[5:6], names[6:7]]
