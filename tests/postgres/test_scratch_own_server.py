"""A scratch server that koonj runs: its settings, checkpoints, and clean-up."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from psycopg import AsyncConnection

from koonj.postgres.embedded import checkpoints, postmaster
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.errors import EmbeddedError
from koonj.postgres.embedded.run_folder import PREFIX, scratch_parent
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.postgres.scratch.interface import ScratchError
from koonj.postgres.scratch.own_server import Cluster, ClusterScratch
from koonj.postgres.scratch.role_settings import create_roles
from koonj.postgres.scratch.settings import DATABASE, SESSION_SETTINGS
from koonj.postgres.shared_process.file_lock import lock, open_lock_file

pytestmark = pytest.mark.slow


async def _one(conn: AsyncConnection, query: str) -> object:
    row = await (await conn.execute(query.encode())).fetchone()
    assert row is not None
    return row[0]


async def _do(scratch: ClusterScratch, *queries: str) -> list[object]:
    """Run each query. Return one value per query, None if it has no result."""
    async with await scratch.connect() as conn:
        cursors = [await conn.execute(query.encode()) for query in queries]
        return [(await c.fetchone() or [None])[0] if c.description else None for c in cursors]


def _running(scratch: ClusterScratch) -> TemporaryServer | None:
    """Return the running server of the scratch server."""
    cluster = scratch._blocking
    assert isinstance(cluster, Cluster)
    return cluster._scratch


def _kept(scratch: ClusterScratch) -> checkpoints.Checkpoints:
    cluster = scratch._blocking
    assert isinstance(cluster, Cluster)
    kept = cluster._checkpoints()
    assert kept
    return kept


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for checkpoints that only this test uses."""
    folder = Path(tempfile.mkdtemp(prefix="koonj-test-", dir=scratch_parent()))
    folder.chmod(0o711)
    monkeypatch.setattr(checkpoints, "cache_folder", lambda _account: folder)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
async def scratch(binaries: Binaries) -> AsyncIterator[ClusterScratch]:
    server = ClusterScratch(binaries)
    yield server
    await server.close()


async def test_version_and_source_are_known_before_the_server_starts(
    scratch: ClusterScratch, binaries: Binaries
) -> None:
    assert scratch.version == ".".join(map(str, binaries.version))
    assert scratch.major == binaries.major
    assert scratch.source.startswith(f"PostgreSQL {scratch.version} (")
    assert scratch.alone
    assert await scratch.nearest(("nothing",)) is None
    assert _running(scratch) is None


async def test_settings_stay_when_a_file_resets_them(scratch: ClusterScratch) -> None:
    async with await scratch.connect() as conn:
        assert await _one(conn, "select current_database()") == DATABASE
        assert await _one(conn, "select current_setting('is_superuser')") == "on"
        for name, value in SESSION_SETTINGS.items():
            await conn.execute(f"SET {name} TO DEFAULT; RESET ALL".encode())
            assert await _one(conn, f"select current_setting('{name}')") == value
        assert await _one(conn, "select current_setting('autovacuum')") == "off"


async def test_roles_are_part_of_checkpoints(scratch: ClusterScratch, cache: Path) -> None:
    await _do(scratch, "create table kept (a int); create role r_kept; grant select on kept to r_kept")
    await scratch.save("first")
    await _do(scratch, "drop table kept; drop role r_kept; create table later (); create role r_later")
    await scratch.save("second")
    assert await scratch.nearest(("none", "second", "first")) == "second"

    await scratch.restore("first")
    now = "select concat(to_regclass('kept'), ' ', to_regrole('r_kept'), ' ', to_regclass('later'), ' ', to_regrole('r_later'))"
    assert await _do(scratch, now) == ["kept r_kept  "]
    await scratch.reset()
    assert await _do(scratch, now) == ["   "]
    await scratch.restore("second")
    assert await _do(scratch, now) == ["  later r_later"]
    assert len([path for path in cache.iterdir() if path.is_dir()]) == 3


async def test_checkpoint_is_found_by_a_later_process(
    scratch: ClusterScratch, binaries: Binaries, cache: Path
) -> None:
    await _do(scratch, "create table here ()")
    await scratch.save("k")
    await scratch.close()
    later = ClusterScratch(binaries)
    try:
        assert await later.nearest(("k",)) == "k"
        await later.restore("k")
        assert await _do(later, "select to_regclass('here')::text") == ["here"]
    finally:
        await later.close()


async def test_restore_fails_when_the_checkpoint_is_missing_or_incomplete(
    scratch: ClusterScratch, cache: Path
) -> None:
    await _do(scratch, "create table here ()")
    await scratch.save("k")
    path = _kept(scratch)._path("k")
    (path / "data" / "global" / "pg_control").unlink()
    assert await scratch.nearest(("k",)) is None
    with pytest.raises(ScratchError, match="was deleted by another koonj process"):
        await scratch.restore("k")
    with pytest.raises(ScratchError):
        await scratch.restore("never made")
    await scratch.reset()
    assert await _do(scratch, "select 1") == [1]


async def test_two_scratch_servers_are_independent(scratch: ClusterScratch, binaries: Binaries) -> None:
    other = ClusterScratch(binaries)
    try:
        await asyncio.gather(*(_do(s, "create role same; create table same ()") for s in (scratch, other)))
        await asyncio.gather(scratch.reset(), other.reset())
        assert await _do(other, "select to_regrole('same')") == [None]
    finally:
        await other.close()


async def test_closed_scratch_server_leaves_nothing_and_cannot_be_used(binaries: Binaries) -> None:
    scratch = ClusterScratch(binaries)
    async with await scratch.connect() as conn:
        folder = Path(conn.info.host)
        assert folder.name.startswith(PREFIX)
        await scratch.close()
    assert not folder.exists()
    with pytest.raises(ScratchError, match="closed"):
        await scratch.connect()
    await scratch.close()


async def test_no_server_is_left_when_connect_is_cancelled(binaries: Binaries) -> None:
    scratch = ClusterScratch(binaries)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(scratch.connect(), 0.02)
    await scratch.close()
    assert _running(scratch) is None


async def test_server_is_started_again_when_it_crashed(scratch: ClusterScratch) -> None:
    await _do(scratch, "create table here ()")
    running = _running(scratch)
    assert running
    pid = postmaster.running(running.data)
    assert pid
    os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + 60
    while running.is_running and time.monotonic() < end:
        await asyncio.sleep(0.01)
    assert await _do(scratch, "select to_regclass('here')::text") == ["here"]


async def test_roles_are_created_once_without_login(scratch: ClusterScratch) -> None:
    async with await scratch.connect() as conn:
        assert await create_roles(conn, ["App user", "app", "postgres", "app"]) == ("App user", "app")
        assert await create_roles(conn, ["app"]) == ()
        logins = "select string_agg(rolname, ',' order by rolname) from pg_roles where rolcanlogin"
        assert await _one(conn, logins) == "postgres"


_WORK = """
import asyncio, sys
from koonj.postgres.embedded import checkpoints
from koonj.postgres.embedded.binaries import choose
from koonj.postgres.scratch.own_server import ClusterScratch
from pathlib import Path
checkpoints.cache_folder = lambda _account: Path(sys.argv[1])
async def main():
    scratch = ClusterScratch(choose())
    number = 0
    while True:
        conn = await scratch.connect()
        if number == 0:
            print(conn.info.host, flush=True)
        await conn.close()
        number += 1
        await scratch.save(str(number))
asyncio.run(main())
"""


@pytest.mark.parametrize("after", [0.03, 0.12])
async def test_no_incomplete_checkpoint_is_left_when_killed(
    binaries: Binaries, cache: Path, after: float
) -> None:
    environ = {**os.environ, "KOONJ_PG_BINDIR": str(binaries.bindir)}
    child = subprocess.Popen(
        [sys.executable, "-c", _WORK, str(cache)], stdout=subprocess.PIPE, text=True, env=environ
    )
    assert child.stdout
    folder = Path(child.stdout.readline().rstrip("\n"))
    time.sleep(after)
    child.kill()
    child.communicate()
    time.sleep(0.3)  # so that a cp process it had started can end
    next_one = ClusterScratch(binaries)
    try:
        await next_one.reset()
        assert not folder.exists()
        assert not list(cache.glob("checkpoint-*.*"))
        found = await next_one.nearest(tuple(str(n) for n in range(50, 0, -1)))
        if found is not None:
            await next_one.restore(found)
        assert await _do(next_one, "select 1") == [1]
    finally:
        await next_one.close()


class TestPruning:
    async def test_least_recently_used_checkpoints_are_removed(
        self, scratch: ClusterScratch, cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(checkpoints, "_MOST", 3)
        await scratch.reset()
        for key in ("a", "b"):
            await scratch.save(key)
        await scratch.restore("a")  # uses "a"; the empty checkpoint was used before
        await scratch.save("c")
        assert [await scratch.nearest((key,)) for key in ("a", "b", "c")] == ["a", "b", "c"]
        await scratch.save("d")
        assert [await scratch.nearest((key,)) for key in ("a", "b", "c", "d")] == ["a", None, "c", "d"]

    async def test_unused_checkpoint_is_removed_but_not_while_it_is_copied(
        self, scratch: ClusterScratch, cache: Path
    ) -> None:
        await scratch.reset()
        await scratch.save("old")
        path = _kept(scratch)._path("old")
        os.utime(path, (0, 0))
        copying = open_lock_file(cache / "checkpoints.lock")
        assert lock(copying, shared=True)
        await scratch.save("x")
        assert path.exists()
        os.close(copying)
        await scratch.save("y")
        assert not path.exists()

    async def test_no_checkpoint_is_saved_when_space_is_short(
        self, scratch: ClusterScratch, cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(checkpoints, "_LARGEST", 1 << 20)
        await _do(scratch, "create table here ()")
        await scratch.save("k")
        assert await scratch.nearest(("k",)) is None
        assert await _do(scratch, "select to_regclass('here')::text") == ["here"]
        assert list(cache.glob("checkpoint-*")) == []

    async def test_scratch_server_works_without_a_folder_for_checkpoints(
        self, scratch: ClusterScratch, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def nowhere(_account: object) -> Path:
            raise EmbeddedError("no folder")

        monkeypatch.setattr(checkpoints, "cache_folder", nowhere)
        await scratch.reset()
        await _do(scratch, "create table here ()")
        await scratch.save("k")
        assert await scratch.nearest(("k",)) is None
        assert await _do(scratch, "select to_regclass('here')::text") == ["here"]
        with pytest.raises(ScratchError):
            await scratch.restore("k")
