"""koonj applies and rolls back in a folder of dbmate, and dbmate finds its history as if it had done it itself."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from koonj.config import Target
from koonj.config.settings import HistoryName
from koonj.migrations.layouts.registry import OWN, layout_names
from koonj.migrations.layouts.writers import MODULES, WHY_READ_ONLY
from koonj.postgres.blocking_sessions import Ending
from koonj.postgres.connector import Connector
from koonj.postgres.server_process import ServerProcess
from koonj.runner.apply import settlement, statement_watch
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, MigrationFailed, MigrationFinished, PlanMade, RunResult
from koonj.runner.run.lock_events import BlockerNotEnded
from koonj.runner.run.request import Extent
from koonj.runner.run.unblock_request import UnblockRequest
from support.clock import clock_of_pauses
from support.dbmate import Dbmate, history
from support.fork_server import ForkServer
from support.losing_proxy import Loss, losing_proxy
from support.own_process import wait_until
from support.project import PATIENCE, Project, events_of_kind, run_finished

MADE = "CREATE TABLE public.schema_migrations (version character varying NOT NULL PRIMARY KEY);"
"""What dbmate 2.37 makes."""


@pytest.fixture
def project(tmp_path: Path, database: str, connector: Connector) -> Project:
    folder = tmp_path / "db" / "migrations"
    folder.mkdir(parents=True)
    return Project(folder, Target("local", database), connector)


def write(project: Project, number: int, up: str = "", down: str = "", *, options: str = "") -> str:
    name, table = f"{number}_make_t{number}.sql", f"t{number}"
    up, down = up or f"CREATE TABLE {table} (id int);", down or f"DROP TABLE {table};"
    (project.path / name).write_text(f"-- migrate:up{options}\n{up}\n\n-- migrate:down\n{down}\n")
    return name


def put(project: Project, *versions: int) -> None:
    """Make the history as dbmate leaves it."""
    project.sql(MADE)
    for version in versions:
        project.sql("INSERT INTO schema_migrations VALUES (%s)", str(version))


def versions(project: Project) -> list[str]:
    return [row[0] for row in project.sql("SELECT version FROM schema_migrations ORDER BY 1")]


def has_own_history(project: Project) -> bool:
    return project.sql("SELECT FROM pg_namespace WHERE nspname = 'koonj'") != []


async def test_dbmate_and_koonj_take_turns(
    project: Project, make_database: Callable[[], str], tmp_path: Path
) -> None:
    """The same folder in a second database, which only dbmate changes: both histories are equal each time."""
    other = make_database()
    dbmate, alone = Dbmate.on(project.target.dsn, project.path), Dbmate.on(other, project.path)

    def assert_equal(*applied: int) -> None:
        assert history(project.target.dsn) == history(other)
        assert dbmate.states == alone.states
        assert [line for line in dbmate.states if line.startswith("[X]")] == [
            f"[X] {n}_make_t{n}.sql" for n in applied
        ]
        assert not has_own_history(project)

    write(project, 1)
    dbmate.run("migrate")
    alone.run("migrate")
    assert_equal(1)
    write(project, 2)
    assert run_finished(await project.apply()).result is RunResult.DONE
    alone.run("migrate")
    assert_equal(1, 2)
    write(project, 3)
    dbmate.run("migrate")
    alone.run("migrate")
    assert_equal(1, 2, 3)
    end = run_finished(await project.roll_back())
    assert (end.result, end.committed) == (RunResult.DONE, ("3_make_t3.sql",))
    alone.run("rollback")
    assert_equal(1, 2)
    assert dbmate.run("migrate").count("Applied") == 1
    dbmate.run("rollback")
    alone.run("migrate")
    alone.run("rollback")
    dbmate.run("rollback")  # takes back what koonj has applied
    alone.run("rollback")
    assert_equal(1)
    assert project.tables() == {"t1", "schema_migrations"}


async def test_in_a_new_database_koonj_makes_the_table_as_dbmate_does(
    project: Project, make_database: Callable[[], str]
) -> None:
    other = make_database()
    write(project, 1)
    assert run_finished(await project.roll_back()).result is RunResult.NOTHING
    plan = await project.apply(plan_only=True)
    assert (
        "koonj creates public.schema_migrations, as dbmate does."
        in events_of_kind(plan, PlanMade)[0].plan.notes
    )
    assert project.tables() == set()
    assert run_finished(await project.apply()).result is RunResult.DONE
    Dbmate.on(other, project.path).run("migrate")
    assert history(project.target.dsn) == history(other)
    assert Dbmate.on(project.target.dsn, project.path).states == ["[X] 1_make_t1.sql"]


async def test_all_run_in_the_order_of_dbmate_with_a_row_in_the_transaction_of_each(project: Project) -> None:
    put(project, 2)
    names = [write(project, number) for number in (10, 1, 3)]
    write(project, 2)
    end = run_finished(await project.apply())
    assert end.committed == ("10_make_t10.sql", "1_make_t1.sql", "3_make_t3.sql"), "names are sorted as text"
    assert set(end.committed) == set(names)
    assert versions(project) == ["1", "10", "2", "3"]
    same = project.sql(
        "SELECT s.xmin = c.xmin FROM schema_migrations s JOIN pg_class c ON c.relname = 't' || s.version"
    )
    assert same == [(True,)] * 3
    assert not has_own_history(project)
    assert set((await project.states()).values()) == {"applied"}
    assert run_finished(await project.apply()).result is RunResult.NOTHING


async def test_one_migration_is_applied_at_a_time_and_the_last_one_is_rolled_back(project: Project) -> None:
    put(project)
    for number in (1, 2, 3):
        write(project, number)
    assert run_finished(await project.run(Direction.APPLY)).committed == ("1_make_t1.sql",)
    up_to = await project.run(Direction.APPLY, extent=Extent.UP_TO, number=2)
    assert run_finished(up_to).committed == ("2_make_t2.sql",)
    assert run_finished(await project.roll_back()).committed == ("2_make_t2.sql",)
    assert versions(project) == ["1"]


async def test_a_late_migration_is_applied_as_dbmate_does(project: Project) -> None:
    put(project, 2)
    for number in (1, 2):
        write(project, number)
    assert await project.states() == {"1_make_t1.sql": "late", "2_make_t2.sql": "applied"}
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert versions(project) == ["1", "2"]


async def test_a_statement_that_fails_leaves_no_row_and_no_history_of_koonj(project: Project) -> None:
    put(project)
    write(project, 1)
    write(project, 2, "CREATE TABLE t2 ();\nSELECT 1/0;")
    events = await project.apply()
    (failed,) = events_of_kind(events, MigrationFailed)
    assert (failed.failure.file, failed.failure.line) == (
        f"{project.reader.read().shown_path}/2_make_t2.sql",
        3,
    )
    assert failed.failure.target_state == (
        "No part of 2_make_t2.sql was committed: its transaction was rolled back."
    )
    assert "koonj history" not in " ".join(failed.failure.next_steps)
    assert (versions(project), project.tables()) == (["1"], {"t1", "schema_migrations"})
    assert not has_own_history(project)


async def test_a_statement_that_commits_by_itself_fails_as_it_does_with_dbmate(project: Project) -> None:
    put(project)
    write(project, 1, "CREATE TABLE t1 (); DO $$ BEGIN COMMIT; END $$;")
    events = await project.apply(measure=True)  # koonj's own files would run as written after a rehearsal
    (failed,) = events_of_kind(events, MigrationFailed)
    assert failed.failure.sqlstate == "2D000"
    assert failed.failure.next_steps[0].startswith("The statement commits by itself, inside a transaction.")
    assert (versions(project), project.tables()) == ([], {"schema_migrations"})


async def test_no_session_is_ended_because_that_could_not_be_recorded(project: Project) -> None:
    put(project)
    write(project, 1)
    run, events = project.start(Direction.APPLY), list[Event]()
    with psycopg.connect(project.target.dsn, autocommit=True) as other:
        process = ServerProcess(other.info.backend_pid, 0)
        async for event in run.events():
            events.append(event)
            if isinstance(event, PlanMade):
                await run.unblock(UnblockRequest(process, Ending.END, "reason", "me", "pid"))
        other.execute("SELECT 1")
    (refused,) = events_of_kind(events, BlockerNotEnded)
    assert f"pg_terminate_backend({process.pid})" in refused.message
    assert run_finished(events).result is RunResult.DONE
    assert not has_own_history(project)


async def test_the_row_is_written_as_the_role_that_connected_whatever_the_file_sets(project: Project) -> None:
    put(project)
    write(
        project,
        1,
        "SET search_path = pg_temp; SET ROLE pg_read_all_data; RESET ROLE; CREATE TABLE public.t1 ();",
    )
    write(project, 2, "DISCARD TEMP; SELECT pg_advisory_unlock_all();")
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert versions(project) == ["1", "2"]


async def test_a_row_that_another_session_has_written_rolls_the_migration_back(project: Project) -> None:
    put(project)
    write(project, 1, "INSERT INTO schema_migrations VALUES ('1'); CREATE TABLE t1 ();")
    write(project, 2, down="DELETE FROM schema_migrations WHERE version = '2'; DROP TABLE t2;")
    events = await project.run(Direction.APPLY)
    (failed,) = events_of_kind(events, MigrationFailed)
    assert failed.failure.target_state.startswith("Its row in public.schema_migrations could not be written.")
    assert (versions(project), "t1" in project.tables()) == ([], False)
    project.sql("INSERT INTO schema_migrations VALUES ('2')")
    project.sql("CREATE TABLE t2 ()")
    (failed,) = events_of_kind(await project.roll_back(), MigrationFailed)
    assert "public.schema_migrations has no row of this migration" in failed.failure.message
    assert (versions(project), "t2" in project.tables()) == (["2"], True)


async def test_two_runs_at_once_apply_each_migration_once(project: Project) -> None:
    put(project)
    for number in range(1, 6):
        write(project, number)
    both = await asyncio.gather(project.apply(), project.apply())
    finished = sorted(e.name for events in both for e in events_of_kind(events, MigrationFinished))
    assert finished == [f"{n}_make_t{n}.sql" for n in range(1, 6)]
    assert {run_finished(events).result for events in both} <= {
        RunResult.DONE,
        RunResult.NOTHING,
        RunResult.REFUSED,
    }
    assert versions(project) == ["1", "2", "3", "4", "5"]


async def test_a_lost_answer_is_found_in_the_row_of_the_tool(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement_watch, "FIRST", 3600.0)  # the proxy counts connections
    clock_of_pauses(monkeypatch, settlement)
    put(project)
    real = project.target
    for number, (loss, result) in enumerate(LOST.items(), start=1):
        write(project, number)
        async with losing_proxy(real.dsn, b"COMMIT\0", count=1, loss=loss) as (_, dsn):
            project.target = replace(real, dsn=dsn)
            events = await asyncio.wait_for(project.run(Direction.APPLY), PATIENCE)
        project.target = real
        end = run_finished(events)
        assert end.result is result, loss
        assert (str(number) in versions(project)) is (result is RunResult.DONE), loss
        assert (f"t{number}" in project.tables()) is (result is RunResult.DONE), loss
        if end.failure is not None:
            assert "This run committed no part of" in end.failure.target_state


LOST = {Loss.ANSWERED: RunResult.DONE, Loss.NEVER_SENT: RunResult.FAILED}


def test_after_kill_9_the_rows_and_the_tables_agree(project: Project) -> None:
    put(project)
    for number in range(1, 9):
        write(project, number, f"CREATE TABLE t{number} (); SELECT pg_sleep(0.03);")
    where = ["--dsn", project.target.dsn, "--migrations", str(project.path)]
    with ForkServer() as forks:
        for delay in (0.0, 0.05, 0.11):
            pid = forks.start("apply", "--all", "--yes", "--json", *where, cwd=project.path)
            wait_until(lambda: '"migration_started"' in forks.written() or forks.has_ended())
            time.sleep(delay)
            if not forks.has_ended():
                with suppress(ProcessLookupError):  # it has ended just now
                    os.kill(pid, signal.SIGKILL)
            forks.wait()
            wait_until(lambda: project.sql("SELECT FROM pg_locks WHERE locktype = 'advisory'") == [])
            made = {table.removeprefix("t") for table in project.tables() - {"schema_migrations"}}
            assert made == set(versions(project))
    states = asyncio.run(_states(project))
    assert {name for name, state in states.items() if state == "applied"} == {
        f"{version}_make_t{version}.sql" for version in versions(project)
    }
    assert not has_own_history(project)


async def _states(project: Project) -> dict[str, str]:
    async with Connector() as connector:
        return await Project(project.path, project.target, connector).states()


REFUSED = {
    "a file with several transactions": (
        ("BEGIN; SELECT 1; COMMIT; BEGIN; SELECT 2; COMMIT;", ""),
        "begins and ends transactions itself, so dbmate's row",
    ),
    "a file that dbmate refuses": (None, "has no '-- migrate:up', so dbmate refuses it"),
    "two files of a version": (("", ""), "2_more.sql has the same version as another file"),
}


async def test_what_koonj_cannot_promise_is_refused_with_the_reason(project: Project) -> None:
    put(project)
    for case, (text, words) in REFUSED.items():
        for path in project.path.iterdir():
            path.unlink()
        write(project, 1)
        if text is None:
            (project.path / "2_x.sql").write_text("SELECT 1;")
        else:
            write(project, 2, text[0], options=text[1])
        if case == "two files of a version":
            (project.path / "2_more.sql").write_text("-- migrate:up\nSELECT 1;\n-- migrate:down\n")
        events = await project.apply()
        assert run_finished(events).result is RunResult.REFUSED, case
        conflicts = events_of_kind(events, PlanMade)[-1].plan.conflicts
        assert any(words in one.message and one.hint and not one.can_allow for one in conflicts), case
        assert versions(project) == [], case


TABLES = {
    "in another schema": (
        "CREATE SCHEMA IF NOT EXISTS app; CREATE TABLE app.schema_migrations (version varchar PRIMARY KEY)",
        "app.schema_migrations is not in the current schema of the connection (public)",
    ),
    "rows of others": (
        MADE + "INSERT INTO schema_migrations VALUES ('20010101'), ('20020101')",
        "public.schema_migrations has rows, but none of a file of this folder.",
    ),
    "a trigger": (
        MADE + "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
        "CREATE TRIGGER x BEFORE INSERT ON schema_migrations FOR EACH ROW EXECUTE FUNCTION f()",
        "has a trigger (x)",
    ),
    "another column": (
        MADE + "ALTER TABLE schema_migrations ADD COLUMN at timestamptz DEFAULT now()",
        "has a column that the tool does not know (at)",
    ),
}


async def test_a_table_that_koonj_cannot_keep_is_not_written(project: Project) -> None:
    write(project, 1)
    for case, (statements, words) in TABLES.items():
        project.sql("DROP TABLE IF EXISTS schema_migrations, app.schema_migrations CASCADE")
        with psycopg.connect(project.target.dsn, autocommit=True) as conn:
            conn.execute(statements.encode())
        end = run_finished(await project.apply())
        assert end.result is RunResult.FAILED, case
        assert end.failure is not None
        assert words in end.failure.message, case
        assert "t1" not in project.tables(), case
        assert not has_own_history(project), case


async def test_options_that_record_a_decision_are_refused(project: Project) -> None:
    put(project)
    write(project, 1)
    for options in ({"allow": frozenset({"late"}), "reason": "x"}, {"override": "x"}, {"batch": True}):
        end = run_finished(await project.apply(**options))
        assert end.failure is not None
        assert "whose history cannot record --" in end.failure.message
    assert versions(project) == []


async def test_the_table_has_the_name_that_dbmate_is_given(project: Project) -> None:
    named = HistoryName("dbmate", "Dbmate_log", "ops")
    project.target = replace(project.target, history=named)
    project.sql('CREATE SCHEMA ops; CREATE TABLE ops."Dbmate_log" (version varchar PRIMARY KEY)')
    put(project, 1)  # of another tool
    write(project, 1)
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.sql('SELECT version FROM ops."Dbmate_log"') == [("1",)]
    dbmate = Dbmate.on(project.target.dsn, project.path)
    assert "[X] 1_make_t1.sql" in dbmate.run("--migrations-table", "ops.Dbmate_log", "status")


async def test_a_role_that_cannot_write_the_table_changes_nothing(project: Project) -> None:
    put(project)
    write(project, 1)
    role = f"reader_{project.sql('SELECT current_database()')[0][0]}"
    project.sql(
        f"CREATE ROLE {role}; GRANT SELECT ON schema_migrations TO {role}; GRANT CREATE ON SCHEMA public TO {role}"
    )
    project.target = replace(project.target, role=role)
    try:
        end = run_finished(await project.apply())
    finally:
        project.sql(f"DROP OWNED BY {role}; DROP ROLE {role}")
    assert end.failure is not None
    assert "could not be written: this role has no right to" in end.failure.message
    assert "t1" not in project.tables()


async def test_a_migration_without_statements_has_its_row(project: Project) -> None:
    put(project)
    (project.path / "1_a.sql").write_text("-- migrate:up\n-- migrate:down\n")
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert versions(project) == ["1"]


def test_each_tool_with_a_writer_has_its_test_and_a_line_in_the_documentation() -> None:
    text = (Path(__file__).parents[2] / "docs" / "other-tools.md").read_text(encoding="utf-8")
    npm = Path(__file__).with_name("test_npm_tools_beside.py").read_text(encoding="utf-8")
    for tool in MODULES:
        name = tool.replace("-", "_")
        own = Path(__file__).with_name(f"test_{name}_beside.py")
        assert own.exists() or f"def test_{name}_and_koonj_take_turns" in npm, tool
        assert f"| {tool} | yes |" in text, tool


def test_each_other_tool_has_a_reason() -> None:
    assert set(MODULES) | set(WHY_READ_ONLY) == set(layout_names()) - {OWN}
    assert not set(MODULES) & set(WHY_READ_ONLY)
