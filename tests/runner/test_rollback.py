"""Tests of rollback."""

import pytest

from koonj.runner.run.events import PlanMade, RunResult
from koonj.runner.run.request import Extent
from support.project import Project, events_of_kind, run_finished


async def test_last_migration_is_rolled_back_and_pending_again(project: Project) -> None:
    names = [project.table(n) for n in (1, 2)]
    await project.apply()
    events = await project.roll_back()
    assert run_finished(events).committed == (names[1],)
    assert project.tables() == {"t1"}
    assert await project.states() == {names[0]: "applied", names[1]: "pending"}
    await project.apply()
    assert project.tables() == {"t1", "t2"}


async def test_rollback_to_a_number_keeps_that_migration(project: Project) -> None:
    for number in (1, 2, 3):
        project.table(number)
    await project.apply()
    await project.roll_back(extent=Extent.UP_TO, number=1)
    assert project.tables() == {"t1"}


async def test_rollback_of_all_migrations_runs_in_reverse_order(project: Project) -> None:
    names = [project.table(n) for n in (1, 2, 3)]
    await project.apply()
    events = await project.roll_back(extent=Extent.ALL)
    assert run_finished(events).committed == tuple(reversed(names))
    assert project.tables() == set()
    assert [entry.action for entry in await project.entries()] == ["apply"] * 3 + ["rollback"] * 3


async def test_migration_applied_last_is_rolled_back_first_whatever_its_number(project: Project) -> None:
    project.table(2)
    await project.apply()
    late = project.table(1)
    await project.apply(allow=frozenset({"late"}), reason="merged late")
    assert run_finished(await project.roll_back()).committed == (late,)


async def test_migration_without_rollback_cannot_be_rolled_back(project: Project) -> None:
    project.table(1, rollback=False)
    await project.apply()
    (conflict,) = run_finished(await project.roll_back()).conflicts
    assert (conflict.state, conflict.can_allow) == ("rollback_missing", False)
    project.write("002_none.sql", "CREATE TABLE t2 ();\n-- Rollback: none: the data is lost\n")
    await project.apply()
    (conflict,) = run_finished(await project.roll_back()).conflicts
    assert "the data is lost" in conflict.message
    assert project.tables() == {"t1", "t2"}


async def test_missing_file_is_rolled_back_from_the_recorded_text(project: Project) -> None:
    name = project.table(1)
    await project.apply()
    (project.path / name).unlink()
    stopped = run_finished(await project.roll_back())
    assert [c.state for c in stopped.conflicts] == ["missing"]
    events = await project.roll_back(allow=frozenset({"missing"}), reason="the file was lost")
    assert run_finished(events).result is RunResult.DONE
    assert events_of_kind(events, PlanMade)[0].plan.migrations[0].from_history
    assert project.tables() == set()
    assert await project.states() == {}


async def test_invalid_index_of_a_failed_build_can_be_rolled_back(project: Project) -> None:
    project.write(
        "001_rows.sql", "CREATE TABLE t AS SELECT 1 AS x FROM generate_series(1, 2);\n-- Rollback: none: x\n"
    )
    project.write(
        "002_unique.sql",
        "CREATE UNIQUE INDEX CONCURRENTLY t_x ON t (x);\n\n-- Rollback:\n-- DROP INDEX CONCURRENTLY IF EXISTS t_x;\n",
    )
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert failure.sqlstate == "23505"
    assert "The index public.t_x is there and INVALID" in failure.target_state
    assert (await project.states())["002_unique.sql"] == "failed"
    assert run_finished(await project.roll_back()).result is RunResult.DONE
    assert project.sql("SELECT to_regclass('t_x')") == [(None,)]
    assert (await project.states())["002_unique.sql"] == "pending"


async def test_failure_gives_the_file_line_of_an_error_in_a_rollback(project: Project) -> None:
    project.write(
        "001_bad.sql",
        "CREATE TABLE t1 ();\n\n-- Rollback:\n-- BEGIN;\n-- DROP TABLE t1;\n--   DROP TABLE nowhere;\n-- COMMIT;\n",
    )
    await project.apply()
    failure = run_finished(await project.roll_back()).failure
    assert failure is not None
    assert (failure.line, failure.sqlstate) == (6, "42P01")
    assert failure.source_line == "--   DROP TABLE nowhere;"
    assert project.tables() == {"t1"}
    assert (await project.states())["001_bad.sql"] != "pending"


async def test_merge_conflict_in_a_rollback_stops_apply_and_rollback(project: Project) -> None:
    name = project.table(1)
    await project.apply()
    text = (project.path / name).read_text()
    (project.path / name).write_text(
        text.replace("-- DROP TABLE t1;\n", "-- <<<<<<< HEAD\n-- DROP TABLE t1;\n")
    )
    (conflict,) = run_finished(await project.roll_back()).conflicts
    assert (conflict.state, conflict.line, conflict.can_allow) == ("conflict-marker", 7, False)
    assert project.tables() == {"t1"}
    project.write(
        "002_two.sql", "CREATE TABLE t2 ();\n-- Rollback:\n<<<<<<< HEAD\n-- DROP TABLE t2;\n>>>>>>> b\n"
    )
    (conflict,) = run_finished(await project.apply()).conflicts
    assert (conflict.state, conflict.line) == ("conflict-marker", 3)
    assert project.tables() == {"t1"}


@pytest.mark.parametrize("block", ["-- Rollback:\n", "-- Rollback:\n-- BEGIN;\n-- -- later\n-- COMMIT;\n"])
async def test_rollback_without_a_statement_stops_as_a_missing_one(project: Project, block: str) -> None:
    project.write("001_make.sql", f"CREATE TABLE t1 ();\n{block}")
    await project.apply()
    (conflict,) = run_finished(await project.roll_back()).conflicts
    assert (conflict.state, conflict.can_allow) == ("rollback_missing", False)
    assert "nothing to undo" in conflict.hint
    assert project.tables() == {"t1"}
    assert await project.states() == {"001_make.sql": "applied"}
    assert [entry.action for entry in await project.entries()] == ["apply"]


async def test_nothing_to_undo_is_rolled_back_and_can_be_applied_again(project: Project) -> None:
    project.table(1)
    name = "002_rows.sql"
    text = "INSERT INTO t1 VALUES (1) ON CONFLICT DO NOTHING;\n-- Rollback: nothing to undo: the row does no harm\n"
    project.write(name, text)
    await project.apply()
    events = await project.roll_back()
    assert run_finished(events).committed == (name,)
    assert (await project.states())[name] == "pending"
    assert project.sql("SELECT id FROM t1") == [(1,)]
    await project.apply()
    assert (await project.states())[name] == "applied"
    await project.roll_back(extent=Extent.ALL)
    assert project.tables() == set()


async def test_rollback_stops_at_a_line_that_is_no_comment(project: Project) -> None:
    name = project.table(1)
    await project.apply()
    text = (project.path / name).read_text()
    (project.path / name).write_text(text.replace("-- DROP TABLE", "-- SELECT 1;\nDROP TABLE"))
    (conflict,) = run_finished(await project.roll_back()).conflicts
    assert (conflict.state, conflict.line) == ("statements-after-rollback", 8)
    assert project.tables() == {"t1"}
