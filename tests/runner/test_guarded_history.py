"""Tests of targets whose settings, privileges or triggers keep koonj from its history."""

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from koonj.runner.run.direction import Direction
from koonj.runner.run.events import RunResult, StatementStarted
from koonj.runner.run.lock_events import LockAcquired
from koonj.runner.run.request import Extent
from support.project import Project, collect_events, events_of_kind, run_finished

STEPS = "CREATE TABLE a ();\nVACUUM a;\nCREATE TABLE b ();\n-- Rollback: none: test\n"

DISCARD = """
CREATE FUNCTION discard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER discard BEFORE {} ON koonj.history FOR EACH ROW EXECUTE FUNCTION discard()
"""


@pytest.fixture
def other_role(project: Project) -> Iterator[str]:
    """A role that can create tables in the schema public, and nothing else."""
    [(database,)] = project.sql("SELECT current_database()")
    role = f"other_{database}"
    project.sql(f"CREATE ROLE {role}; GRANT CREATE ON SCHEMA public TO {role}")
    yield role
    project.sql(f"DROP OWNED BY {role}")
    project.sql(f"DROP ROLE {role}")


def _set(project: Project, setting: str) -> None:
    [(database,)] = project.sql("SELECT current_database()")
    project.sql(f'ALTER DATABASE "{database}" SET {setting}')


async def _check_refused(project: Project, *words: str) -> None:
    """Check that the run fails before the lock, with these words, and runs no statement."""
    events = await project.apply()
    failure = run_finished(events).failure
    assert failure is not None
    assert not events_of_kind(events, LockAcquired)
    assert not events_of_kind(events, StatementStarted)
    text = f"{failure.message} {failure.next_steps}"
    assert all(word in text for word in words), text


async def test_role_without_privileges_on_history_is_refused_before_anything_runs(
    project: Project, other_role: str
) -> None:
    project.table(1)
    await project.apply()
    project.table(2)
    mine = project.target
    project.target = replace(mine, role=other_role)
    await _check_refused(project, other_role, "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA koonj TO")
    assert project.tables() == {"t1"}
    project.sql(f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA koonj TO {other_role}")
    project.write("003_steps.sql", STEPS)
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert [entry.database_role for entry in await project.entries()][1:] == [other_role] * 2


async def test_failure_names_the_missing_privilege_when_a_role_cannot_create_the_history(
    project: Project, other_role: str
) -> None:
    project.table(1)
    mine = project.target
    project.target = replace(mine, role=other_role)
    await _check_refused(project, "GRANT CREATE ON DATABASE", other_role)
    project.sql("CREATE SCHEMA koonj")
    await _check_refused(project, "GRANT USAGE, CREATE ON SCHEMA koonj", other_role)
    project.sql(f"GRANT USAGE, CREATE ON SCHEMA koonj TO {other_role}")
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.tables() == {"t1"}


async def test_read_only_database_is_refused_and_its_status_can_be_read(project: Project) -> None:
    project.table(1)
    await project.apply()
    project.table(2)
    _set(project, "default_transaction_read_only = on")
    await _check_refused(project, "read-only", "default_transaction_read_only")
    assert set((await project.states()).values()) == {"applied", "pending"}


async def test_search_path_of_the_database_does_not_affect_the_history(project: Project) -> None:
    project.sql(
        "CREATE SCHEMA evil; CREATE DOMAIN evil.text AS pg_catalog.text CHECK (value <> 'apply');"
        "CREATE DOMAIN evil.uuid AS pg_catalog.text;"
        "CREATE FUNCTION evil.same(text, text) RETURNS bool LANGUAGE sql AS 'SELECT true';"
        "CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.same)"
    )
    _set(project, "search_path TO evil, pg_catalog, public")
    names = [
        project.write(f"00{n}_make.sql", f"CREATE TABLE public.t{n} ();\n-- Rollback: none: test\n").name
        for n in (1, 2)
    ]
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert await project.states() == dict.fromkeys(names, "applied")
    assert project.sql(
        "SELECT count(*) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid "
        "WHERE a.attrelid = 'koonj.history'::regclass AND t.typnamespace <> 'pg_catalog'::regnamespace"
    ) == [(0,)]


async def test_times_are_read_correctly_with_any_datestyle_and_time_zone(project: Project) -> None:
    _set(project, "DateStyle = 'German'")
    _set(project, "TimeZone = 'FOO+3:30'")
    project.table(1)
    assert run_finished(await project.apply()).result is RunResult.DONE
    (entry,) = await project.entries()
    [(started,)] = project.sql("SELECT extract(epoch FROM started)::float8 FROM koonj.history")
    assert entry.started.timestamp() == pytest.approx(started, abs=1e-5)


async def test_row_level_security_on_history_is_an_error_and_not_an_empty_history(
    project: Project, other_role: str
) -> None:
    project.table(1)
    await project.apply()
    project.sql("ALTER TABLE koonj.history ENABLE ROW LEVEL SECURITY")
    project.target = replace(project.target, role=other_role)
    status = await project.status()
    assert not status.is_known
    assert "row-level security" in (status.error or "")


async def test_run_fails_when_a_trigger_of_the_migration_discards_its_entry(project: Project) -> None:
    project.table(1)
    await project.apply()
    trigger = DISCARD.format("INSERT")
    project.write("002_discard.sql", f"BEGIN;\nCREATE TABLE a ();{trigger};\nCOMMIT;\n-- Rollback: none: x\n")
    end = run_finished(await project.apply())
    assert end.result is RunResult.FAILED
    assert end.failure is not None
    assert "trigger" in end.failure.message
    assert project.tables() == {"t1"}
    assert await project.states() == {"001_make_t1.sql": "applied", "002_discard.sql": "failed"}


async def test_run_fails_when_a_trigger_of_a_step_discards_its_update(project: Project) -> None:
    project.table(1)
    await project.apply()
    trigger = DISCARD.format("UPDATE")
    project.write("002_steps.sql", f"CREATE TABLE a ();\nVACUUM a;{trigger};\n-- Rollback: none: test\n")
    end = run_finished(await project.apply())
    assert end.result is RunResult.FAILED
    assert end.failure is not None
    assert "trigger" in end.failure.message
    assert end.failure.target_state == "3 of 4 statements of 002_steps.sql are committed."
    assert project.sql("SELECT FROM pg_trigger WHERE tgname = 'discard'") == [], "it is rolled back"
    assert (await project.states())["002_steps.sql"] == "failed"


async def test_statement_that_drops_the_history_is_rolled_back(project: Project) -> None:
    project.write(
        "001_drop.sql", "CREATE TABLE a ();\nVACUUM a;\nDROP SCHEMA koonj CASCADE;\n-- Rollback: none: test\n"
    )
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert len(failure.committed) == 2
    assert await project.states() == {"001_drop.sql": "failed"}


async def test_transaction_is_rolled_back_when_it_drops_the_history(project: Project) -> None:
    project.table(1)
    await project.apply()
    project.write(
        "002_drop.sql",
        "BEGIN;\nCREATE TABLE a ();\nDROP SCHEMA koonj CASCADE;\nCOMMIT;\n-- Rollback: none: x\n",
    )
    assert run_finished(await project.apply()).result is RunResult.FAILED
    assert project.tables() == {"t1"}
    assert await project.states() == {"001_make_t1.sql": "applied", "002_drop.sql": "failed"}


async def test_failure_has_the_error_of_an_event_trigger_that_forbids_the_history(project: Project) -> None:
    project.table(1)
    project.sql(
        "CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no ddl here'; END $$;"
        "CREATE EVENT TRIGGER forbid ON ddl_command_end EXECUTE FUNCTION forbid()"
    )
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert failure.message.endswith("The history (koonj.history) could not be created: no ddl here")
    assert project.sql("SELECT to_regnamespace('koonj') IS NULL") == [(True,)]


@pytest.mark.parametrize(
    "change", ["action = 'rehearse'", "outcome = 'half'", "started = 'infinity'", "finished = '-infinity'"]
)
async def test_history_with_unknown_values_is_reported_as_unsupported(project: Project, change: str) -> None:
    project.table(1)
    await project.apply()
    project.sql(
        "ALTER TABLE koonj.history DROP CONSTRAINT history_action_check, DROP CONSTRAINT history_outcome_check"
    )
    project.sql(f"UPDATE koonj.history SET {change}")
    status = await project.status()
    if (
        project.sql("SELECT current_setting('server_version_num')::int < 170000") == [(True,)]
        and "infinity" in change
    ):
        return  # extract(epoch …) is 0 there
    assert "this version of koonj does not support" in (status.error or "")
    assert run_finished(await project.apply()).result is RunResult.FAILED


async def test_migration_does_not_wait_without_limit_when_the_history_is_locked(project: Project) -> None:
    project.table(1)
    await project.apply()
    project.write(
        "002_wait.sql",
        "-- koonj: lock_timeout 100ms\nBEGIN;\nCREATE TABLE a ();\nCOMMIT;\n-- Rollback: none: test\n",
    )
    with psycopg.connect(project.target.dsn) as blocker:
        blocker.execute("LOCK TABLE koonj.history IN SHARE MODE")
        failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert failure.sqlstate == "55P03"
    assert failure.target_state.startswith(
        "Its entry in koonj.history could not be written. No part of 002_wait.sql"
    )
    assert project.tables() == {"t1"}


async def test_runs_on_two_databases_of_one_server_do_not_wait_for_each_other(
    project: Project, make_project: "type[Project]"
) -> None:
    other = make_project()  # type: ignore[call-arg]  # a fixture that creates a project
    for one in (project, other):
        one.write("001_sleep.sql", "SELECT pg_sleep(0.3);\n-- Rollback: none: test\n")
    run = project.start(Direction.APPLY, extent=Extent.ALL)
    others = []
    async for event in run.events():
        if isinstance(event, StatementStarted):
            others = await collect_events(other.start(Direction.APPLY, wait=0.0))
            break
    assert run_finished(others).result is RunResult.DONE
