"""A scratch server that recovers from a crash is awaited; one that is gone is given up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.postgres.scratch.worker_thread import ScratchRoute, ThreadedScratch
from koonj.runner.rehearse import script_run
from koonj.runner.rehearse.script_run import is_alive
from koonj.runner.run.run import Control

GONE = 2**31 - 1
"""A pid that no session has."""

pytestmark = pytest.mark.slow


@pytest.fixture
def recoverable(binaries: Binaries) -> Iterator[TemporaryServer]:
    """A server that can replay its WAL from an archive."""
    with TemporaryServer(binaries, settings={"wal_level": "replica"}) as running:
        yield running


class _Route:
    """The way to a server that is there."""

    def __init__(self, server: TemporaryServer) -> None:
        self._server = server

    def way(self) -> ScratchRoute:
        return ScratchRoute(self._server.dsn(), None, b"SELECT 'here'", "here")


class _Scratch(ThreadedScratch):
    def __init__(self, server: TemporaryServer) -> None:
        route: Any = _Route(server)
        super().__init__(route)
        self.looks = 0

    async def is_busy(self) -> bool:
        self.looks += 1
        return await super().is_busy()


def _recovery_lasts_while(held: Path, server: TemporaryServer) -> None:
    """Let the next start of the server recover until the file is deleted."""
    with (server.data / "postgresql.auto.conf").open("a") as settings:
        settings.write(
            f"restore_command = 'while [ -e {held} ]; do sleep 0.05; done; false'\nhot_standby = off\n"
        )
    (server.data / "recovery.signal").touch()


async def test_server_that_recovers_for_long_is_awaited(
    recoverable: TemporaryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script_run, "_GONE", 0.0)
    held = recoverable.folder / "data" / "held"
    held.touch()
    await asyncio.to_thread(recoverable.stop)
    _recovery_lasts_while(held, recoverable)
    starting = asyncio.ensure_future(asyncio.to_thread(recoverable.start))
    server = _Scratch(recoverable)
    while not await server.is_busy():
        await asyncio.sleep(0.01)
    looking = asyncio.ensure_future(is_alive(server, Control(), GONE))
    seen = server.looks
    while server.looks < seen + 3 and not looking.done():
        await asyncio.sleep(0.01)
    assert not looking.done()
    held.unlink()
    assert await looking
    await starting


async def test_server_that_is_gone_is_given_up(
    scratch: TemporaryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script_run, "_GONE", 0.0)
    await asyncio.to_thread(scratch.stop)
    server = _Scratch(scratch)
    assert not await is_alive(server, Control(), GONE)
    assert server.looks == 1


async def test_server_that_has_not_noticed_the_end_of_a_process_is_awaited(
    scratch: TemporaryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would end the next connection too, as soon as it notices."""
    server, seen = _Scratch(scratch), list[bool | None]()
    listed = script_run._is_listed

    async def is_listed(server: ThreadedScratch, pid: int) -> bool | None:
        seen.append(await listed(server, pid))
        if seen == [True]:
            await dying.close()
        return seen[-1]

    monkeypatch.setattr(script_run, "_is_listed", is_listed)
    dying = await server.connect()
    assert await is_alive(server, Control(), dying.info.backend_pid)
    assert (seen[0], seen[-1]) == (True, False)
