"""How often koonj waits for a target's answer, counted by a proxy; and that the proxy counts right."""

from __future__ import annotations

import select
from pathlib import Path
from time import sleep

import psycopg
import pytest

from koonj.config import Target
from koonj.postgres.connector import Connector
from koonj.runner.apply import statement_watch
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import RunResult
from koonj.runner.target.history import recorded_text
from support.counting_proxy import CountingProxy, counting_proxy
from support.project import Project, run_finished


def test_the_proxy_counts_what_the_client_waits_for(database: str) -> None:
    with counting_proxy(database) as proxy, psycopg.connect(proxy.dsn, autocommit=True) as conn:
        assert (proxy.round_trips, proxy.connections) == (0, 1)  # the login is not counted
        conn.execute("SELECT 1; SELECT 2")
        assert proxy.asked == [["SELECT 1; SELECT 2"]]
        conn.execute("SELECT %s::int", (1,))
        assert proxy.round_trips == 2
        with conn.pipeline():
            for number in range(3):
                conn.execute("SELECT %s::int", (number,))
        assert proxy.round_trips == 3
        assert len(proxy.asked[-1]) == 3
        proxy.reset()
        with conn.transaction():
            conn.execute("CREATE TABLE t (id int)")
            with conn.cursor().copy("COPY t FROM STDIN") as copy:
                copy.write_row((1,))
        assert proxy.round_trips == 5, proxy.report()  # BEGIN, CREATE, COPY, its rows, COMMIT


def _send(proxy: CountingProxy, conn: psycopg.Connection, *statements: bytes) -> None:
    """Send statements, each with its Sync, before any answer comes; psycopg itself waits after each one."""
    line = conn.pgconn
    line.enter_pipeline_mode()
    noted = proxy.texts + len(statements)
    with proxy.answers_held():
        for statement in statements:
            line.send_query_params(statement, None)
            line.pipeline_sync()
            line.flush()
        while proxy.texts < noted:
            sleep(0.001)
    syncs = 0
    while syncs < len(statements):
        while line.is_busy():
            select.select([line.socket], [], [])
            line.consume_input()
        result = line.get_result()
        syncs += result is not None and result.status == psycopg.pq.ExecStatus.PIPELINE_SYNC
    line.exit_pipeline_mode()


def test_the_proxy_counts_a_window_of_flights_as_one_round_trip(database: str) -> None:
    with counting_proxy(database) as proxy, psycopg.connect(proxy.dsn, autocommit=True) as conn:
        _send(proxy, conn, b"SELECT 1", b"SELECT 1", b"SELECT 1")
        assert proxy.round_trips == 1, proxy.report()


def test_the_proxy_counts_what_follows_an_error(database: str) -> None:
    with counting_proxy(database) as proxy, psycopg.connect(proxy.dsn, autocommit=True) as conn:
        _send(proxy, conn, b"SELECT 1/0", b"SELECT 1")
        assert proxy.round_trips == 1, proxy.report()
        conn.execute("SELECT 1")
        assert proxy.round_trips == 2, proxy.report()


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    return folder


async def test_a_status_waits_twice_for_the_target(database: str, migrations: Path) -> None:
    with counting_proxy(database) as proxy:
        async with Connector() as connector:
            project = Project(migrations, Target("local", proxy.dsn), connector)
            project.table(1)
            assert (await project.status()).pending == 1
            assert (proxy.round_trips, proxy.connections) == (2, 1), proxy.report()
            await project.apply()
            project.table(2)
            proxy.reset()
            status = await project.status()
            assert (status.applied, status.pending) == (1, 1)
            assert (proxy.round_trips, proxy.connections) == (2, 1), proxy.report()
            proxy.reset()
            assert len(await project.entries()) == 1
            assert "t1" in (await recorded_text(connector, project.target, 1) or "")
            assert (proxy.round_trips, proxy.connections) == (4, 2), proxy.report()


@pytest.mark.parametrize("direction", Direction)
async def test_a_plan_waits_twice_for_the_target(
    database: str, migrations: Path, direction: Direction
) -> None:
    with counting_proxy(database) as proxy:
        async with Connector() as connector:
            project = Project(migrations, Target("local", proxy.dsn), connector)
            project.table(1)
            await project.apply()
            project.table(2)
            proxy.reset()
            end = run_finished(await project.run(direction, plan_only=True))
            assert end.result is RunResult.NOTHING
            assert (proxy.round_trips, proxy.connections) == (2, 1), proxy.report()


async def test_a_run_waits_six_times_besides_its_migration(
    database: str, migrations: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement_watch, "FIRST", 600.0)  # another connection, on a slow machine
    with counting_proxy(database) as proxy:
        async with Connector() as connector:
            project = Project(migrations, Target("local", proxy.dsn), connector)
            project.table(1)
            assert run_finished(await project.apply()).result is RunResult.DONE
            assert proxy.round_trips <= 9 + 1, proxy.report()  # three of them create the history
            for direction in Direction:
                project.table(2)
                proxy.reset()
                assert run_finished(await project.run(direction)).result is RunResult.DONE
                assert proxy.round_trips <= 6 + 1, proxy.report()
