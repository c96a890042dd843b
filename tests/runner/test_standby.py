"""A real standby: its status can be read, a plan says what it is, and a run is refused before anything happens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from koonj.config import Target
from koonj.postgres.connector import Connector
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.postgres.overview import first_look
from koonj.postgres.server_info import ServerInfo
from koonj.postgres.target_conditions import target_conditions
from koonj.postgres.target_rights import RightsAsked
from koonj.runner.run.events import PlanMade, RunResult
from support.own_process import wait_until
from support.project import Project, events_of_kind, run_finished
from support.standby import primary_server, standby_server

WORDS = "The server is a standby, which only replays the changes of its primary. It accepts no changes."

AURORA = """
CREATE FUNCTION pg_catalog.aurora_version() RETURNS text LANGUAGE sql AS $$SELECT '16.4.1'$$;
CREATE FUNCTION pg_catalog.aurora_db_instance_identifier() RETURNS varchar LANGUAGE sql AS $$SELECT 'reader-1'$$;
CREATE FUNCTION pg_catalog.aurora_replica_status()
RETURNS TABLE (server_id text, session_id text, replica_lag_in_msec float8) LANGUAGE sql AS $$
    VALUES ('writer', 'MASTER_SESSION_ID', NULL::float8), ('reader-1', '1f0e', 21), ('reader-2', '2f0e', 12500)
$$;
"""
"""Functions with the names and the columns of Aurora's, in a database of their own."""


@pytest.fixture(scope="module")
def primary(binaries: Binaries) -> Iterator[TemporaryServer]:
    with primary_server(binaries) as server:
        with psycopg.connect(server.dsn(), autocommit=True) as conn:
            conn.execute("CREATE DATABASE aurora")
        with psycopg.connect(server.dsn("aurora"), autocommit=True) as conn:
            conn.execute(AURORA)
        yield server


@pytest.fixture(scope="module")
def standby(primary: TemporaryServer) -> Iterator[TemporaryServer]:
    with standby_server(primary) as server:
        yield server


@pytest.fixture
def project(tmp_path: Path, standby: TemporaryServer, connector: Connector) -> Project:
    folder = tmp_path / "migrations"
    folder.mkdir()
    made = Project(folder, Target("standby", standby.dsn()), connector)
    made.table(1)
    made.table(2)
    assert made.sql("SELECT pg_is_in_recovery()") == [(True,)]
    return made


async def test_status_can_be_read(project: Project) -> None:
    assert await project.states() == {"001_make_t1.sql": "pending", "002_make_t2.sql": "pending"}


@pytest.mark.parametrize("batch", [False, True])
async def test_plan_says_so(project: Project, batch: bool) -> None:
    (made,) = events_of_kind(await project.apply(plan_only=True, batch=batch), PlanMade)
    assert any(
        note.startswith(WORDS) and "Point the target at the primary" in note for note in made.plan.notes
    )


@pytest.mark.parametrize("options", [{}, {"batch": True}, {"probe": True}], ids=["apply", "batch", "probe"])
async def test_run_is_refused(project: Project, options: dict[str, bool]) -> None:
    end = run_finished(await project.apply(**options))
    assert end.result is RunResult.FAILED
    assert end.failure is not None
    assert (end.failure.message, end.failure.sqlstate) == (f"standby: {WORDS}", "25006")
    assert end.not_run == ("001_make_t1.sql", "002_make_t2.sql")


async def described(connector: Connector, server: TemporaryServer, database: str = "postgres") -> ServerInfo:
    async with first_look(connector, Target("t", server.dsn(database)), name="koonj status") as (_, found):
        return found.server


async def test_reader_of_aurora_is_named_with_its_lag_and_its_endpoint(
    project: Project, standby: TemporaryServer, connector: Connector
) -> None:
    assert "Aurora reader, 0.021 s behind its primary" in str(await described(connector, standby, "aurora"))
    project.target = Target("reader", standby.dsn("aurora"))
    (made,) = events_of_kind(await project.apply(plan_only=True), PlanMade)
    [note] = [note for note in made.plan.notes if "Aurora" in note]
    assert note.startswith(
        "The server is a reader of Aurora. It accepts no changes. It is 0.021 s behind its primary."
    )
    assert "not at a reader endpoint (NAME.cluster-ro-" in note
    end = run_finished(await project.apply())
    assert end.failure is not None
    assert end.failure.message == "reader: The server is a reader of Aurora. It accepts no changes."


async def test_writer_of_aurora_knows_how_far_its_readers_are_behind(
    primary: TemporaryServer, connector: Connector
) -> None:
    target = Target("t", primary.dsn("aurora"))
    async with first_look(connector, target, name="koonj status") as (conn, found):
        assert (found.server.kind, found.server.is_standby, found.server.lag) == ("Aurora", False, None)
        conditions = await target_conditions(conn, RightsAsked(), ())
    assert (conditions.standbys >= 2, conditions.lag) == (True, 12.5)


async def test_aurora_is_known_by_its_extensions_too(database: str, connector: Connector) -> None:
    """A version without the functions in pg_proc: what nobody tells is unknown."""
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(f"ALTER DATABASE {conn.info.dbname} SET rds.extensions = 'aurora_stat_utils, citext'")
    async with first_look(connector, Target("t", database), name="koonj status") as (_, found):
        assert found.server.kind == "Aurora"


async def test_lag_of_a_standby_is_named_and_unknown_if_its_primary_is_away(
    project: Project, primary: TemporaryServer, standby: TemporaryServer, connector: Connector
) -> None:
    def write() -> None:
        with psycopg.connect(primary.dsn(), autocommit=True) as conn:
            conn.execute("SELECT txid_current()")

    def ask(question: str) -> bool:
        with psycopg.connect(standby.dsn(), autocommit=True) as conn:
            return conn.execute(question.encode()).fetchall() == [(True,)]

    write()
    wait_until(lambda: ask("SELECT pg_last_xact_replay_timestamp() IS NOT NULL"))
    wait_until(lambda: ask("SELECT pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()"))
    assert "standby, up to date with its primary" in str(await described(connector, standby))
    assert ask("SELECT pg_wal_replay_pause()::text = ''")
    write()
    wait_until(lambda: ask("SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()"))
    (made,) = events_of_kind(await project.apply(plan_only=True), PlanMade)
    assert re.search(re.escape(WORDS) + r" It is [\d.]+ s behind its primary\. ", " ".join(made.plan.notes))
    primary.stop()
    try:
        wait_until(lambda: ask("SELECT NOT EXISTS (SELECT FROM pg_stat_wal_receiver)"))
        found = await described(connector, standby)
        assert (found.lag, found.kind) == (None, "standby, behind its primary by an unknown time")
    finally:
        primary.start()
        assert ask("SELECT pg_wal_replay_resume()::text = ''")
