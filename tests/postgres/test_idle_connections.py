"""Connections that are kept between two reads of a target."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from koonj.config import Target
from koonj.postgres import overview
from koonj.postgres.connector import Connector
from support.counting_proxy import CountingProxy, counting_proxy
from support.project import Project

PIDS = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'koonj%'"
)


@pytest.fixture
async def asked(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[Project, CountingProxy]]:
    """A project whose target was read once, and the proxy before the target. Parameter: seconds to keep."""
    with counting_proxy(database) as proxy:
        async with Connector(keep=getattr(request, "param", 60.0)) as connector:
            project = Project(tmp_path, Target("local", proxy.dsn), connector)
            project.table(1)
            await project.apply()
            assert await project.states() == {"001_make_t1.sql": "applied"}
            proxy.reset()
            yield project, proxy


async def test_the_next_read_costs_two_round_trips_and_no_connection(
    asked: tuple[Project, CountingProxy],
) -> None:
    project, proxy = asked
    assert await project.states() == {"001_make_t1.sql": "applied"}
    assert len(await project.entries()) == 1
    assert (proxy.round_trips, proxy.connections) == (4, 0), proxy.report()


async def test_reads_at_the_same_time_use_several_connections(asked: tuple[Project, CountingProxy]) -> None:
    project, proxy = asked
    read = await asyncio.gather(*(project.states() for _ in range(3)))
    assert read == [{"001_make_t1.sql": "applied"}] * 3
    assert proxy.connections == 2


async def test_a_lost_connection_is_replaced_without_a_word(asked: tuple[Project, CountingProxy]) -> None:
    project, proxy = asked
    project.sql(f"SELECT pg_terminate_backend(pid, 10000) FROM ({PIDS}) AS p")
    proxy.reset()
    assert await project.states() == {"001_make_t1.sql": "applied"}
    assert proxy.connections == 1
    assert len(project.sql(PIDS)) == 1


async def test_a_connection_that_falls_silent_is_replaced(
    asked: tuple[Project, CountingProxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    project, proxy = asked
    monkeypatch.setattr(overview, "KEPT_SECONDS", 0.2)
    [(pid,)] = project.sql(PIDS)
    proxy.reset()
    os.kill(pid, signal.SIGSTOP)
    try:
        assert await project.states() == {"001_make_t1.sql": "applied"}
    finally:
        os.kill(pid, signal.SIGCONT)
    assert proxy.connections == 1


async def test_an_error_of_the_server_is_no_reason_to_connect_again(
    asked: tuple[Project, CountingProxy],
) -> None:
    project, proxy = asked
    project.target = replace(project.target, role="nobody_of_this_name")
    assert "does not exist" in ((await project.status()).error or "")
    assert "does not exist" in ((await project.status()).error or "")
    project.target = replace(project.target, role=None)
    assert await project.states() == {"001_make_t1.sql": "applied"}
    assert proxy.connections == 1  # for the other role; it is kept, too


@pytest.mark.parametrize("asked", [0.0, 0.05], indirect=True)
async def test_a_connection_is_closed_when_its_time_is_over(asked: tuple[Project, CountingProxy]) -> None:
    project, _ = asked
    async with asyncio.timeout(60):
        while project.sql(PIDS):
            await asyncio.sleep(0.02)


async def test_kept_connections_end_with_the_connector(database: str, tmp_path: Path) -> None:
    async with Connector(keep=60) as connector:
        project = Project(tmp_path, Target("local", database), connector)
        await project.states()
        assert len(project.sql(PIDS)) == 1
    async with asyncio.timeout(60):
        while project.sql(PIDS):
            await asyncio.sleep(0.02)
