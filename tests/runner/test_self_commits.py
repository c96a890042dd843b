"""Files with a CALL or a DO that commits: they run outside koonj's transaction, as psql -f runs them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from koonj.runner.rehearse.verdict import Verdict
from koonj.runner.run.events import MigrationStarted, PlanMade, RunResult
from koonj.runner.settle import Settlement, settle
from koonj.sql.transactions import Mode
from support.drift import drift_of
from support.project import Project, events_of_kind, run_finished
from support.rehearsal_folder import RehearsalFolder

PROCEDURES = """
CREATE TABLE log_rows (a int);
CREATE PROCEDURE fill_rows(n int) LANGUAGE plpgsql AS $p$
BEGIN
  FOR i IN 1..n LOOP
    INSERT INTO log_rows VALUES (i);
    COMMIT;
  END LOOP;
END $p$;
"""
UNDO = "-- Rollback:\n-- DROP PROCEDURE fill_rows(int);\n-- DROP TABLE log_rows;\n"
CALLS = {
    "call": "CALL fill_rows(3);\n",
    "do": "DO $$ BEGIN INSERT INTO log_rows VALUES (1); COMMIT; INSERT INTO log_rows VALUES (2); END $$;\n",
    "call in do": "DO $$ BEGIN CALL fill_rows(3); END $$;\n",
}


def forget_verdicts() -> None:
    """Delete the cache, as on another machine: the history alone says how the file ran."""
    shutil.rmtree(Path(os.environ["XDG_CACHE_HOME"], "koonj", "rehearsals"))


def folder_of(project: Project) -> RehearsalFolder:
    return RehearsalFolder(project.path, project.connector)


@pytest.mark.slow
@pytest.mark.parametrize("kind", CALLS)
async def test_rehearsed_file_runs_as_psql_runs_it(project: Project, kind: str) -> None:
    call, is_seen = CALLS[kind], kind == "do"  # the text of that one shows that it commits
    name = project.write("001_proc.sql", f"{PROCEDURES}{call}\n{UNDO}").name
    rehearsal = (await folder_of(project).rehearse())[name]
    assert (rehearsal.apply_commits, rehearsal.rollback_commits) == (() if is_seen else (3,), ())
    assert rehearsal.verdict is Verdict.VERIFIED, rehearsal.message
    assert [trace.index for trace in rehearsal.apply] == [1, 2, 3]
    events = await project.apply(plan_only=True)
    (planned,) = events_of_kind(events, PlanMade)[0].plan.migrations
    assert (planned.mode, planned.in_transaction) == (Mode.SEVERAL, False)
    because = (
        "PostgreSQL might refuse DO with COMMIT in a transaction"
        if is_seen
        else "statement 3 commits by itself"
    )
    assert planned.explanation == (
        f"3 statements outside a transaction, committed separately, because {because}"
    )
    events = await project.apply()
    assert run_finished(events).result is RunResult.DONE
    assert not events_of_kind(events, MigrationStarted)[0].in_transaction
    assert project.sql("SELECT count(*) > 1 FROM log_rows") == [(True,)]
    assert await project.states() == {name: "applied"}
    assert (await drift_of(project)).differences == ()
    assert run_finished(await project.roll_back()).result is RunResult.DONE
    assert project.tables() == set()


@pytest.mark.slow
async def test_verdict_in_the_cache_knows_which_statements_commit(project: Project) -> None:
    name = project.write("001_proc.sql", f"{PROCEDURES}{CALLS['call']}{CALLS['call in do']}\n{UNDO}").name
    folder = folder_of(project)
    await folder.rehearse()
    assert (await folder.rehearse())[name].apply_commits == (3, 4)
    assert folder.cached == [True]


async def test_file_without_a_rehearsal_fails_with_the_way_out(project: Project) -> None:
    project.write("001_proc.sql", f"{PROCEDURES}{CALLS['call']}\n{UNDO}")
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert (failure.sqlstate, failure.statement) == ("2D000", 3)
    assert failure.next_steps == (
        "The statement commits by itself. To let koonj find out that it must run outside a transaction, run: "
        "koonj rehearse 1",
        "Then run: koonj apply",
    )
    assert project.tables() == set()


async def test_commit_inside_a_block_of_the_file_is_an_error(project: Project) -> None:
    project.write("001_proc.sql", f"BEGIN;\n{PROCEDURES}{CALLS['call']}COMMIT;\n{UNDO}")
    (rehearsal,) = (await folder_of(project).rehearse()).values()
    assert (rehearsal.verdict, rehearsal.apply_commits) == (Verdict.BROKEN, ())
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert failure.next_steps == (
        "The statement commits by itself. Move it out of BEGIN ... COMMIT, then run: koonj apply",
    )


async def test_procedure_that_may_never_commit_is_broken(project: Project) -> None:
    """A procedure with SET cannot commit, in a transaction or not."""
    procedure = PROCEDURES.replace("LANGUAGE plpgsql", "LANGUAGE plpgsql SET search_path = public")
    project.write("001_proc.sql", f"{procedure}{CALLS['call']}\n{UNDO}")
    (rehearsal,) = (await folder_of(project).rehearse()).values()
    assert rehearsal.verdict is Verdict.BROKEN
    assert rehearsal.failure is not None
    assert (rehearsal.failure.sqlstate, rehearsal.failure.statement) == ("2D000", 3)


@pytest.mark.slow
async def test_failed_file_resumes_outside_a_transaction_and_can_be_rolled_back(project: Project) -> None:
    fails = "SELECT 1 / (SELECT count(*) FROM switch);\n"
    project.sql("CREATE TABLE switch (on_ bool)")
    setup = "CREATE TABLE IF NOT EXISTS switch (on_ bool);\n"
    name = project.write("001_proc.sql", f"{setup}{PROCEDURES}{CALLS['call']}{fails}\n{UNDO}").name
    (rehearsal,) = (await folder_of(project).rehearse()).values()
    assert (rehearsal.verdict, rehearsal.apply_commits) == (Verdict.BROKEN, (4,))
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert (failure.statement, len(failure.committed)) == (5, 4)
    assert await project.states() == {name: "failed"}
    forget_verdicts()
    plan = events_of_kind(await project.apply(plan_only=True), PlanMade)[0].plan
    assert (plan.migrations[0].mode, plan.migrations[0].statements_done) == (Mode.SEVERAL, 4)
    project.sql("INSERT INTO switch VALUES (true)")
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.sql("SELECT count(*) FROM log_rows") == [(3,)]  # it did not run again
    project.sql("DELETE FROM switch")
    assert run_finished(await project.roll_back()).result is RunResult.DONE
    await folder_of(project).rehearse()
    assert run_finished(await project.apply()).result is RunResult.FAILED
    assert run_finished(await project.roll_back()).result is RunResult.DONE
    assert await project.states() == {name: "pending"}


@pytest.mark.slow
async def test_part_of_a_failed_call_is_named(project: Project) -> None:
    procedure = PROCEDURES.replace("COMMIT;", "COMMIT;\n    PERFORM 1 / (3 - i);")
    project.write("001_proc.sql", f"{procedure}{CALLS['call']}\n{UNDO}")
    await folder_of(project).rehearse()
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert failure.target_state == (
        "2 of 3 statements of 001_proc.sql are committed. Statement 3 can have committed a part of its work before "
        "it failed."
    )
    assert project.sql("SELECT count(*) FROM log_rows") == [(3,)]


@pytest.mark.slow
async def test_rollback_that_commits_runs_as_psql_runs_it(project: Project) -> None:
    rollback = (
        "-- Rollback:\n-- CALL fill_rows(2);\n-- DROP PROCEDURE fill_rows(int);\n-- DROP TABLE log_rows;\n"
    )
    name = project.write("001_proc.sql", f"BEGIN;\n{PROCEDURES}COMMIT;\n{rollback}").name
    assert run_finished(await project.apply()).result is RunResult.DONE
    (rehearsal,) = (await folder_of(project).rehearse()).values()
    assert (rehearsal.apply_commits, rehearsal.rollback_commits) == ((), (1,))
    events = await project.roll_back()
    assert run_finished(events).result is RunResult.DONE
    assert not events_of_kind(events, MigrationStarted)[0].in_transaction
    assert await project.states() == {name: "pending"}


async def test_probe_says_that_the_statement_cannot_be_probed(project: Project) -> None:
    project.write("001_proc.sql", f"{PROCEDURES}{CALLS['call']}\n{UNDO}")
    failure = run_finished(await project.apply(probe=True)).failure
    assert failure is not None
    assert failure.next_steps == (
        "The statement commits by itself, so it cannot be probed. To rehearse it, run: koonj rehearse 1",
    )


@pytest.mark.slow
async def test_interrupted_call_resumes_outside_a_transaction(project: Project) -> None:
    project.write(
        "001_proc.sql",
        """
        CREATE TABLE log_rows (a int);
        CREATE PROCEDURE fill_rows() LANGUAGE plpgsql AS $p$
        BEGIN
          INSERT INTO log_rows VALUES (1);
          COMMIT;
          PERFORM pg_terminate_backend(pg_backend_pid()) WHERE (SELECT count(*) FROM log_rows) = 1;
        END $p$;
        -- Rollback: none: test
        """,
    )
    name = project.write("002_call.sql", "CALL fill_rows();\n-- Rollback: none: test\n").name
    await folder_of(project).rehearse()
    assert run_finished(await project.apply()).result is RunResult.FAILED
    assert (await project.states())[name] == "interrupted"
    forget_verdicts()
    await settle(project.connector, project.target, project.reader.read(), name, Settlement(again=1))
    plan = events_of_kind(await project.apply(plan_only=True), PlanMade)[0].plan
    assert plan.migrations[0].mode is Mode.SEVERAL
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.sql("SELECT count(*) FROM log_rows") == [(2,)]


@pytest.mark.slow
async def test_rollback_that_failed_in_its_call_is_not_taken_for_one_without_effect(project: Project) -> None:
    procedure = PROCEDURES.replace("COMMIT;", "COMMIT;\n    PERFORM 1 / (2 - i);")
    rollback = (
        "-- Rollback:\n-- CALL fill_rows(2);\n-- DROP PROCEDURE fill_rows(int);\n-- DROP TABLE log_rows;\n"
    )
    name = project.write("001_proc.sql", f"BEGIN;\n{procedure}COMMIT;\n{rollback}").name
    assert run_finished(await project.apply()).result is RunResult.DONE
    await folder_of(project).rehearse()
    assert run_finished(await project.roll_back()).result is RunResult.FAILED
    assert project.sql("SELECT count(*) FROM log_rows") == [(2,)]
    assert await project.states() == {name: "failed"}
