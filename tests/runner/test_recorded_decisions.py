"""Tests of decisions that koonj records for a role whose own settings are in the way."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from koonj.postgres import session
from koonj.runner.run.events import DecisionRecorded, RunResult
from support.project import Project, events_of_kind, run_finished

NONE = "-- Rollback: none: test\n"


@pytest.fixture
def roles(project: Project) -> Iterator[tuple[str, str]]:
    """A role that logs in, and the role that it acts as on the target."""
    [(database,)] = project.sql("SELECT current_database()")
    login, owner = f"login_{database}", f"owner_{database}"
    project.sql(
        f"""
        CREATE ROLE {owner};
        CREATE ROLE {login} LOGIN NOINHERIT IN ROLE {owner};
        GRANT CREATE ON DATABASE {database} TO {owner};
        GRANT CREATE ON SCHEMA public TO {owner}
        """
    )
    dsn = project.target.dsn
    project.target = replace(project.target, dsn=make_conninfo(dsn, user=login), role=owner)
    yield login, owner
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(f"DROP OWNED BY {owner} CASCADE; DROP ROLE {login}; DROP ROLE {owner}".encode())


@pytest.fixture
async def late(project: Project) -> str:
    """The name of a migration with a number below that of an applied one."""
    project.table(2)
    assert run_finished(await project.apply()).result is RunResult.DONE
    project.write("001_late.sql", f"BEGIN;\nCREATE TABLE public.late ();\nCOMMIT;\n{NONE}")
    return "001_late.sql"


@pytest.mark.parametrize("setting", ["default_transaction_isolation = 'serializable'", "search_path = ''"])
async def test_a_decision_is_recorded_by_the_role_of_the_target(
    project: Project, roles: tuple[str, str], late: str, setting: str
) -> None:
    login, owner = roles
    with psycopg.connect(make_conninfo(project.target.dsn, user="postgres"), autocommit=True) as conn:
        conn.execute(f"ALTER ROLE {login} SET {setting}".encode())
    events = await project.apply(allow=frozenset({"late"}), reason="it was forgotten")
    assert run_finished(events).result is RunResult.DONE, run_finished(events)
    (recorded,) = events_of_kind(events, DecisionRecorded)
    assert (recorded.name, recorded.state) == (late, "late")
    entry = next(entry for entry in await project.entries() if entry.action == "allow")
    assert (entry.name, entry.allowed, entry.reason) == (late, "late", "it was forgotten")
    assert entry.database_role == owner
    assert entry.finished is not None


async def test_a_decision_is_not_recorded_for_a_role_that_only_reads(
    project: Project, roles: tuple[str, str], late: str
) -> None:
    project.sql(f"ALTER ROLE {roles[0]} SET default_transaction_read_only = on")
    events = await project.apply(allow=frozenset({"late"}), reason="it was forgotten")
    assert run_finished(events).result is RunResult.FAILED
    assert not events_of_kind(events, DecisionRecorded)
    assert [entry.action for entry in await project.entries()] == ["apply"]


async def test_a_decision_does_not_wait_for_ever_for_the_history(
    project: Project, late: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "OWN_LOCK_TIMEOUT", "20ms")
    with psycopg.connect(project.target.dsn) as other:
        other.execute("LOCK TABLE koonj.history IN SHARE MODE")
        allowed = project.apply(allow=frozenset({"late"}), reason="it was forgotten")
        end = run_finished(await asyncio.wait_for(allowed, 60))
    assert end.result is RunResult.FAILED
    assert end.failure is not None
    assert end.failure.sqlstate == "55P03"
    assert await project.states() == {late: "late", "002_make_t2.sql": "applied"}
