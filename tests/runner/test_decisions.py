"""Tests of the states that stop an apply until the user decides."""

import pytest

from koonj.runner.run.direction import Direction
from koonj.runner.run.events import DecisionRecorded, RunResult
from koonj.runner.run.request import Request
from support.project import Project, events_of_kind, run_finished


async def _check_state_stops_apply(project: Project, state: str) -> None:
    """Check that `state` stops the apply, and that with --allow it continues and records the reason."""
    before = project.tables(), len(await project.entries())
    stopped = run_finished(await project.apply())
    assert stopped.result is RunResult.REFUSED
    assert state in {conflict.state for conflict in stopped.conflicts}
    assert all(conflict.can_allow for conflict in stopped.conflicts)
    assert (project.tables(), len(await project.entries())) == before
    events = await project.apply(allow=frozenset({state}), reason="I looked")
    assert run_finished(events).result is RunResult.DONE, run_finished(events)
    assert {allowed.state for allowed in events_of_kind(events, DecisionRecorded)} == {state}
    allows = [entry for entry in await project.entries() if entry.action == "allow"]
    assert {(entry.allowed, entry.reason) for entry in allows} == {(state, "I looked")}


async def test_late_migration_stops_apply(project: Project) -> None:
    project.table(2)
    await project.apply()
    project.table(1)
    await _check_state_stops_apply(project, "late")
    assert project.tables() == {"t1", "t2"}


async def test_edited_migration_stops_apply(project: Project) -> None:
    name = project.table(1)
    await project.apply()
    file = project.path / name
    file.write_text(file.read_text().replace("id int", "id bigint"))
    project.table(2)
    assert (await project.states())[name] == "edited"
    await _check_state_stops_apply(project, "edited")
    assert set((await project.states()).values()) == {"applied"}
    file.write_text(file.read_text().replace("id bigint", "id smallint"))
    assert (await project.states())[name] == "edited"


async def test_missing_file_stops_apply(project: Project) -> None:
    name = project.table(1)
    await project.apply()
    (project.path / name).unlink()
    project.table(2)
    await _check_state_stops_apply(project, "missing")
    project.table(3)
    assert run_finished(await project.apply()).result is RunResult.DONE


async def test_duplicate_number_stops_apply(project: Project) -> None:
    project.table(1)
    project.write("001_other.sql", "CREATE TABLE other ();\n-- Rollback: none: test\n")
    await _check_state_stops_apply(project, "duplicate")
    assert project.tables() == {"t1", "other"}


async def test_cosmetic_change_does_not_stop_apply(project: Project) -> None:
    name = project.table(1)
    await project.apply()
    file = project.path / name
    file.write_text("-- why it is there\r\n" + file.read_text().replace("\n", "\r\n"), newline="")
    project.table(2)
    assert (await project.states())[name] == "cosmetic"
    assert run_finished(await project.apply()).result is RunResult.DONE


def test_allow_requires_a_reason() -> None:
    with pytest.raises(ValueError, match="reason"):
        Request(Direction.APPLY, allow=frozenset({"late"}), reason="  ")
