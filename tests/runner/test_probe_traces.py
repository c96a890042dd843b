"""Tests of which statements a probe traces: locks that are released before its end are reported, too."""

import pytest

from koonj.runner.run.events import MigrationProbed, RunResult
from support.project import Project, events_of_kind, run_finished

NONE = "-- Rollback: none: test\n"


async def _locks(project: Project, script: str) -> list[str]:
    """Return the locks of a migration on table t1, as a probe reports them."""
    project.write("002_probed.sql", f"BEGIN;\n{script}COMMIT;\n{NONE}")
    events = await project.apply(probe=True)
    assert run_finished(events).result is RunResult.PROBED, run_finished(events)
    (probed,) = events_of_kind(events, MigrationProbed)
    return [lock.mode.value for lock in probed.locks if lock.relation == "public.t1"]


@pytest.fixture
async def applied(project: Project) -> Project:
    project.table(1)
    await project.apply()
    return project


async def test_a_lock_that_a_savepoint_releases_is_reported(applied: Project) -> None:
    script = "SAVEPOINT a;\nALTER TABLE t1 ADD x int;\nROLLBACK TO a;\nSELECT 1;\n"
    assert await _locks(applied, script) == ["ACCESS EXCLUSIVE"]


async def test_a_statement_that_is_sent_together_with_a_setting_is_reported(applied: Project) -> None:
    script = "SAVEPOINT a;\nSET work_mem = '5MB' \\; ALTER TABLE t1 ADD x int;\nROLLBACK TO a;\n"
    assert await _locks(applied, script) == ["ACCESS EXCLUSIVE"]


async def test_a_setting_of_the_transaction_stays_possible_in_front_of_its_first_query(
    applied: Project,
) -> None:
    script = "SET LOCAL work_mem = '5MB';\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nLOCK TABLE t1 IN SHARE MODE;\n"
    assert await _locks(applied, script) == ["SHARE"]
