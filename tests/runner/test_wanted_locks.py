"""Which locks a migration takes before its statements: those that its rehearsal measured."""

from __future__ import annotations

import pytest

from koonj.postgres.locks.trace import LockMode, RelationLock, RowsWritten, Scan, StatementTrace, conflicting
from koonj.runner.impact.wanted_locks import with_wanted_locks
from koonj.runner.plan.work import WantedLock, make_work
from koonj.runner.rehearse.verdict import Rehearsal, Verdict
from koonj.runner.run.direction import Direction
from support.project import Project

A, B = "public.a", "public.b"


def _trace(index: int, *locks: RelationLock, **more: object) -> StatementTrace:
    return StatementTrace(index, index, "", in_transaction=True, seconds=0.0, locks=locks, **more)  # type: ignore[arg-type]


def _lock(relation: str, mode: LockMode, kind: str = "table") -> RelationLock:
    return RelationLock(relation, kind, mode)


def _wanted(project: Project, *traces: StatementTrace, text: str = "SELECT 1;\n") -> tuple[WantedLock, ...]:
    project.write("001_a.sql", text)
    (migration,) = project.reader.read().migrations
    work = make_work(migration, Direction.APPLY, lock_timeout="5s")
    rehearsal = Rehearsal("001_a.sql", 1, Verdict.VERIFIED, "", "key", "PostgreSQL 18", 18, apply=traces)
    assert with_wanted_locks(work, {}) is work
    return with_wanted_locks(work, {"001_a.sql": rehearsal}).locks


async def test_each_table_is_locked_once_at_its_strongest_mode(project: Project) -> None:
    found = _wanted(
        project,
        _trace(1, _lock(B, LockMode.SHARE_ROW_EXCLUSIVE), _lock(A, LockMode.SHARE_UPDATE_EXCLUSIVE)),
        _trace(2, _lock(A, LockMode.ACCESS_EXCLUSIVE)),
    )
    assert found == (
        WantedLock(A, LockMode.ACCESS_EXCLUSIVE, 1),
        WantedLock(B, LockMode.SHARE_ROW_EXCLUSIVE, 1),
    )


async def test_weak_locks_and_other_relations_are_left_to_the_statements(project: Project) -> None:
    found = _wanted(
        project,
        _trace(
            1,
            _lock(A, LockMode.ROW_EXCLUSIVE),
            _lock("public.v", LockMode.ACCESS_EXCLUSIVE, "view"),
            _lock("public.i", LockMode.ACCESS_EXCLUSIVE, "index"),
            _lock("public.p", LockMode.SHARE, "partitioned table"),
        ),
    )
    assert found == (WantedLock("public.p", LockMode.SHARE, 1),)


@pytest.mark.parametrize(
    "long",
    [
        {"scanned": (Scan(A, 1, 0),)},
        {"rewritten": (A,)},
        {"rebuilt": ("public.i",)},
        {"written": (RowsWritten(A, 0, 1, 0),)},
    ],
    ids=lambda long: next(iter(long)),
)
async def test_a_lock_that_follows_long_work_is_not_held_during_it(
    project: Project, long: dict[str, object]
) -> None:
    found = _wanted(
        project,
        _trace(1, _lock(A, LockMode.SHARE), **long),
        _trace(2, _lock(A, LockMode.ACCESS_EXCLUSIVE), _lock(B, LockMode.ACCESS_EXCLUSIVE)),
    )
    assert found == (WantedLock(A, LockMode.SHARE, 1),)


async def test_a_migration_in_several_transactions_takes_none(project: Project) -> None:
    lock = _trace(1, _lock(A, LockMode.ACCESS_EXCLUSIVE))
    assert not _wanted(project, lock, text="VACUUM;\nSELECT 1;\n")


_TABLE = """
ACCESS SHARE            .......X
ROW SHARE               ......XX
ROW EXCLUSIVE           ....XXXX
SHARE UPDATE EXCLUSIVE  ...XXXXX
SHARE                   ..XX.XXX
SHARE ROW EXCLUSIVE     ..XXXXXX
EXCLUSIVE               .XXXXXXX
ACCESS EXCLUSIVE        XXXXXXXX
"""
"""https://www.postgresql.org/docs/current/explicit-locking.html#TABLE-LOCK-COMPATIBILITY"""


def test_conflicts_are_those_of_the_documentation() -> None:
    for mode, line in zip(LockMode, _TABLE.strip().splitlines(), strict=True):
        marks = line.removeprefix(mode.value).strip()
        conflicts = {other for other, mark in zip(LockMode, marks, strict=True) if mark == "X"}
        assert set(conflicting(mode)) == conflicts


async def test_what_may_wait_without_limit_takes_no_lock_before(project: Project) -> None:
    lock = _lock(A, LockMode.SHARE_UPDATE_EXCLUSIVE)
    validate = "ALTER TABLE a VALIDATE CONSTRAINT c;\n"
    assert _wanted(project, _trace(1, lock), text=validate) == ()
    assert _wanted(project, _trace(1, lock), text=f"-- koonj: lock_timeout 1s\n{validate}")
    assert _wanted(project, _trace(1, lock), text=f"{validate}ALTER TABLE a ADD b int;\n")
