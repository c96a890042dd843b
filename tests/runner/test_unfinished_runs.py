"""What a run makes of an unfinished one: an interrupted rollback, a decision without its run, a setting that is gone."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from koonj.postgres import session
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import DecisionRecorded, Event, RunFinished, RunResult, StatementStarted
from koonj.runner.run.run import Run
from support.project import Project, events_of_kind, run_finished

NONE = "-- Rollback: none: test\n"
NAME = "001_steps.sql"
BOTH = "CREATE TABLE a ();\nVACUUM a;\nCREATE TABLE b ();\n-- Rollback:\n-- DROP TABLE a;\n-- VACUUM;\n-- DROP TABLE b;\n"


async def _interrupt(project: Project, done: int) -> None:
    """Make the last entry one that koonj did not end, as an older koonj left it: nothing shows what was sent."""
    project.sql(
        "UPDATE koonj.history SET outcome = 'started', statements_done = %s, finished = NULL "
        "WHERE id = (SELECT max(id) FROM koonj.history)",
        done,
    )
    project.sql("DROP TABLE koonj.statement")
    assert await project.states() == {NAME: "interrupted"}


async def _cancelled_at(run: Run, wanted: Callable[[Event], bool]) -> RunFinished:
    """Cancel the run at this event, and return its end."""
    events = []
    async for event in run.events():
        events.append(event)
        if wanted(event):
            await run.cancel()
    end = run_finished(events)
    assert end.result is RunResult.CANCELLED, end
    return end


def _sent(events: list[Event]) -> list[int]:
    return [event.index for event in events_of_kind(events, StatementStarted)]


async def test_an_interrupted_rollback_in_doubt_stops_the_next_one(project: Project) -> None:
    project.write(NAME, BOTH)
    await project.apply()
    await project.roll_back()
    await _interrupt(project, 2)
    project.sql("CREATE TABLE b ()")
    stopped = run_finished(await project.roll_back())
    assert (stopped.result, [c.state for c in stopped.conflicts]) == (RunResult.REFUSED, ["interrupted"])
    assert project.tables() == {"b"}


async def test_an_interrupted_apply_is_rolled_back_without_a_decision(project: Project) -> None:
    project.write(NAME, BOTH)
    await project.apply()
    await _interrupt(project, 2)
    events = await project.roll_back()
    assert run_finished(events).result is RunResult.DONE
    assert _sent(events) == [1, 2, 3]
    assert not events_of_kind(events, DecisionRecorded)


async def test_a_decision_whose_run_was_cancelled_counts_for_the_same_text_only(project: Project) -> None:
    file = project.write(NAME, f"CREATE TABLE a ();\nVACUUM a;\nSELECT 1 / 0;\n{NONE}")
    assert run_finished(await project.apply()).result is RunResult.FAILED
    project.sql("DROP TABLE a")
    file.write_text(f"CREATE TABLE a (id int);\nVACUUM a;\nSELECT 1;\n{NONE}")
    allowed = project.start(Direction.APPLY, allow=frozenset({"edited"}), reason="I dropped it")
    await _cancelled_at(allowed, lambda event: isinstance(event, DecisionRecorded))
    assert project.tables() == set()
    decided = file.read_text()
    file.write_text(decided.replace("id int", "id bigint"))
    stopped = run_finished(await project.apply())
    assert (stopped.result, [c.state for c in stopped.conflicts]) == (RunResult.REFUSED, ["edited"])
    file.write_text(decided)
    events = await project.apply()
    assert run_finished(events).result is RunResult.DONE, run_finished(events)
    assert _sent(events) == [1, 2, 3]


async def test_a_setting_of_the_committed_part_that_fails_stops_the_run(project: Project) -> None:
    [(database,)] = project.sql("SELECT current_database()")
    role = f"gone_{database}"
    project.sql(f"CREATE ROLE {role}")
    project.write(NAME, f"SET ROLE {role};\nRESET ROLE;\nVACUUM;\nSELECT 1 / 0;\n{NONE}")
    first = run_finished(await project.apply())
    project.sql(f"DROP ROLE {role}")
    assert (first.result, len(first.failure.committed if first.failure else ())) == (RunResult.FAILED, 3)
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert (failure.statement, failure.line, failure.sqlstate) == (1, 1, "22023")
    assert failure.target_state.startswith(f"3 of 4 statements of {NAME} are committed.")
    last = (await project.entries())[-1]
    assert (last.outcome, last.statements_done) == ("failed", 3)


@pytest.mark.parametrize("locked", [False, True])
async def test_a_cancel_between_steps_says_if_the_history_does_not_have_it(
    project: Project, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    monkeypatch.setattr(session, "OWN_LOCK_TIMEOUT", "20ms")
    project.write(NAME, f"CREATE TABLE a ();\nVACUUM a;\n{NONE}")
    with psycopg.connect(project.target.dsn) as other:

        def at_second(event: Event) -> bool:
            found = isinstance(event, StatementStarted) and event.index == 2
            if found and locked:
                other.execute("LOCK TABLE koonj.history IN SHARE MODE")
            return found

        end = await _cancelled_at(project.start(Direction.APPLY), at_second)
    assert end.failure is not None
    assert end.failure.target_state.startswith(f"1 of 2 statements of {NAME} are committed.")
    assert ("could not record this in the history" in end.failure.target_state) is locked
    assert await project.states() == {NAME: "interrupted" if locked else "failed"}
