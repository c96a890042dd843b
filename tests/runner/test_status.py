"""Tests of the status of a target: it runs only SELECT, and reports what it cannot read."""

from dataclasses import replace
from time import perf_counter

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from koonj.config import Target
from koonj.runner.target.status import read_status
from support.project import Project, run_finished


async def test_status_creates_nothing_in_a_database_without_history(project: Project) -> None:
    project.table(1)
    status = await project.status()
    assert (status.has_history, status.applied, status.pending) == (False, 0, 1)
    assert project.sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'koonj'") == [(0,)]


async def test_status_works_in_a_read_only_session_for_a_role_without_privileges(project: Project) -> None:
    project.table(1)
    project.table(2)
    await project.apply()
    with psycopg.connect(project.target.dsn, autocommit=True) as conn:
        conn.execute("DROP ROLE IF EXISTS koonj_looker")
        conn.execute("CREATE ROLE koonj_looker LOGIN")
        conn.execute("ALTER ROLE koonj_looker SET default_transaction_read_only = on")
    dsn = make_conninfo(project.target.dsn, user="koonj_looker")
    status = await read_status(project.connector, Target("look", dsn), project.reader.read())
    assert status.error is None
    assert status.server is not None
    assert (status.server.user, status.applied, status.pending) == ("koonj_looker", 2, 0)


async def test_status_has_the_identity_of_the_server(project: Project) -> None:
    start = perf_counter()
    status = await project.status()
    took = perf_counter() - start
    [(version, database)] = project.sql("SELECT current_setting('server_version'), current_database()")
    assert status.server is not None
    assert version.startswith(status.server.version)
    assert status.server.database == database
    assert 0 < status.server.round_trip < took


async def test_status_has_an_error_when_the_target_is_unreachable(project: Project) -> None:
    project.table(1)
    target = Target("gone", "host=127.0.0.1 port=1 user=u password=s3cret")
    status = await read_status(project.connector, target, project.reader.read())
    assert not status.is_known
    assert status.migrations == ()
    assert status.hint
    assert "s3cret" not in repr(status)


async def test_status_has_an_error_when_the_role_cannot_read_the_history(project: Project) -> None:
    project.table(1)
    await project.apply()
    project.sql("REVOKE USAGE ON SCHEMA koonj FROM PUBLIC")
    with psycopg.connect(project.target.dsn, autocommit=True) as conn:
        conn.execute("DROP ROLE IF EXISTS koonj_blind")
        conn.execute(sql.SQL("CREATE ROLE koonj_blind LOGIN"))
    dsn = make_conninfo(project.target.dsn, user="koonj_blind")
    status = await read_status(project.connector, Target("blind", dsn), project.reader.read())
    assert "permission denied" in (status.error or "")
    assert "GRANT" in (status.hint or "")


async def test_connection_uses_tcp_keepalives(project: Project) -> None:
    conn = await project.connector.connect(project.target)
    async with conn:
        assert conn.info.get_parameters()["keepalives_idle"] == "30"
    project.target = replace(project.target, dsn=f"{project.target.dsn} keepalives_idle=7")
    conn = await project.connector.connect(project.target)
    async with conn:
        assert conn.info.get_parameters()["keepalives_idle"] == "7", "the connection string takes precedence"


FUNCTION = """\
CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  RETURN 1;
END $$;

-- Rollback:
-- DROP FUNCTION f();
"""


@pytest.mark.parametrize(("was", "now"), [("CRLF", "LF"), ("LF", "CRLF")])
async def test_line_ends_inside_a_function_are_no_edit_that_stops_an_apply(
    project: Project, was: str, now: str
) -> None:
    ends = {"LF": "\n", "CRLF": "\r\n"}
    file = project.path / "001_f.sql"
    file.write_bytes(FUNCTION.replace("\n", ends[was]).encode())
    await project.apply()
    file.write_bytes(FUNCTION.replace("\n", ends[now]).encode())
    project.table(2)
    status = (await project.status()).migrations[0]
    assert status.state.value == "cosmetic"
    assert status.note == (
        f"only the line ends changed, from {was} to {now}, "
        f"also inside strings or function bodies: the database has {was} there"
    )
    assert project.sql("SELECT prosrc LIKE '%' || chr(13) || '%' FROM pg_proc WHERE proname = 'f'") == [
        (was == "CRLF",)
    ]
    assert run_finished(await project.apply()).committed == ("002_make_t2.sql",)
    file.write_bytes(FUNCTION.replace("RETURN 1", "RETURN 2").encode())
    assert (await project.states())["001_f.sql"] == "edited"


async def test_line_ends_between_the_statements_are_named_too(project: Project) -> None:
    name = project.table(1)
    await project.apply()
    file = project.path / name
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    (status,) = (await project.status()).migrations
    assert (status.state.value, status.note) == ("cosmetic", "only the line ends changed, from LF to CRLF")
    file.write_bytes(b"-- more\r\n" + file.read_bytes())
    (status,) = (await project.status()).migrations
    assert (status.state.value, status.note) == ("cosmetic", "")
