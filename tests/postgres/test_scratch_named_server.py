"""A configured scratch server: koonj changes nothing but its own databases."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from koonj.config import Password, ScratchPlace
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.postgres.scratch import ownership
from koonj.postgres.scratch.choose import open_scratch
from koonj.postgres.scratch.interface import ScratchError
from koonj.postgres.scratch.named_server import NamedServerScratch
from koonj.postgres.scratch.settings import SESSION_SETTINGS


def _ask(dsn: str, query: str) -> list[object]:
    with psycopg.connect(dsn, autocommit=True) as conn:
        cursor = conn.execute(query.encode())
        return [row[0] for row in cursor.fetchall()] if cursor.description is not None else []


def _databases(dsn: str) -> list[object]:
    return _ask(dsn, "select datname from pg_database where datname like 'koonj%' order by 1")


def _roles(dsn: str) -> list[object]:
    return _ask(dsn, "select rolname from pg_roles where rolname !~ '^pg_' order by 1")


async def _do(given: NamedServerScratch, *queries: str) -> list[object]:
    async with await given.connect() as conn:
        cursors = [await conn.execute(query.encode()) for query in queries]
        return [(await c.fetchone() or [None])[0] if c.description else None for c in cursors]


@pytest.fixture(scope="module")
def server(binaries: Binaries) -> Iterator[TemporaryServer]:
    """The configured server, used only by this file, which counts roles and databases."""
    with TemporaryServer(binaries) as running:
        yield running


@pytest.fixture
async def given(server: TemporaryServer) -> AsyncIterator[NamedServerScratch]:
    scratch = await asyncio.to_thread(NamedServerScratch, ScratchPlace(server.dsn()))
    yield scratch
    await scratch.close()
    assert _databases(server.dsn()) == []
    assert _roles(server.dsn()) == ["postgres"]


async def test_version_and_source_are_known_before_a_database_exists(
    given: NamedServerScratch, server: TemporaryServer
) -> None:
    assert given.major == server.binaries.major
    assert given.source == f"PostgreSQL {given.version} ([scratch] dsn)"
    assert not given.alone
    assert await given.nearest(("k",)) is None
    assert _databases(server.dsn()) == []


async def test_settings_stay_in_its_own_database(given: NamedServerScratch) -> None:
    settings = [f"RESET ALL; SHOW {name}" for name in SESSION_SETTINGS]
    async with await given.connect() as conn:
        assert conn.info.dbname.startswith("koonj_scratch_")
        for query, value in zip(settings, SESSION_SETTINGS.values(), strict=True):
            cursor = await conn.execute(query.encode())
            assert cursor.nextset()
            assert await cursor.fetchone() == (value,)


async def test_checkpoint_is_restored_without_later_changes(
    given: NamedServerScratch, server: TemporaryServer
) -> None:
    await _do(given, "create table kept ()")
    await given.save("k")
    await _do(given, "drop table kept; create table later (); create role r; grant select on later to r")
    await given.save("with roles")
    assert await given.nearest(("with roles", "k")) == "k"
    await given.restore("k")
    now = "select concat(to_regclass('kept'), ' ', to_regclass('later'), ' ', to_regrole('r'))"
    assert await _do(given, now) == ["kept  "]
    await given.reset()
    assert await _do(given, now) == ["  "]
    with pytest.raises(ScratchError):
        await given.restore("never made")
    assert len(_databases(server.dsn())) == 2


async def test_no_checkpoint_is_saved_when_the_database_has_grants(given: NamedServerScratch) -> None:
    await _do(
        given,
        "do $$ begin execute format('revoke connect on database %I from public', current_database()); end $$",
    )
    await given.save("k")
    assert await given.nearest(("k",)) is None


async def test_only_roles_of_the_rehearsal_are_dropped(server: TemporaryServer) -> None:
    _ask(server.dsn(), "create role before_it")
    given = await asyncio.to_thread(NamedServerScratch, ScratchPlace(server.dsn()))
    await _do(given, "create role a; create role b in role a; create table t (); alter table t owner to b")
    await given.close()
    assert _roles(server.dsn()) == ["before_it", "postgres"]
    _ask(server.dsn(), "drop role before_it")


async def test_idle_session_timeout_does_not_end_the_session_that_drops_the_databases(
    server: TemporaryServer,
) -> None:
    if server.binaries.major < 14:
        pytest.skip("PostgreSQL 13 has no idle_session_timeout")
    dsn = make_conninfo(server.dsn(), options="-c idle_session_timeout=1s")
    given = await asyncio.to_thread(open_scratch, ScratchPlace(dsn))
    async with await given.connect() as conn:
        name = conn.info.dbname
    await asyncio.sleep(1.3)
    await given.close()
    with psycopg.connect(server.dsn()) as conn:
        assert not conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchall()


async def test_two_processes_take_turns(given: NamedServerScratch, server: TemporaryServer) -> None:
    """Both create the same role. The second one waits, although in another database."""
    await given.reset()
    other = await asyncio.to_thread(
        NamedServerScratch, ScratchPlace(make_conninfo(server.dsn(), dbname="template1"))
    )
    try:
        waiting = asyncio.create_task(other.reset())
        await _do(given, "create role same")
        await asyncio.sleep(0.3)
        assert not waiting.done()
        await given.close()
        await asyncio.wait_for(waiting, 60)
        await _do(other, "create role same")
    finally:
        await other.close()


async def test_waiting_scratch_server_can_be_closed(
    given: NamedServerScratch, server: TemporaryServer
) -> None:
    await given.reset()
    other = await asyncio.to_thread(NamedServerScratch, ScratchPlace(server.dsn()))
    waiting = asyncio.create_task(other.reset())
    await asyncio.sleep(0.1)
    await asyncio.wait_for(other.close(), 60)
    with pytest.raises(ScratchError, match="closed"):
        await waiting


async def test_reset_fails_when_another_process_rehearses_too_long(
    given: NamedServerScratch, server: TemporaryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ownership, "PATIENCE", 0.1)
    await given.reset()
    other = await asyncio.to_thread(NamedServerScratch, ScratchPlace(server.dsn()))
    with pytest.raises(ScratchError, match="another koonj process rehearses"):
        await other.reset()
    await other.close()


_WORK = """
import asyncio, sys
from koonj.config import ScratchPlace
from koonj.postgres.scratch.named_server import NamedServerScratch
async def main():
    given = NamedServerScratch(ScratchPlace(sys.argv[1]))
    conn = await given.connect()
    await conn.execute("create role made_by_killed; create table t (); alter table t owner to made_by_killed")
    await conn.close()
    await given.reset()
    conn = await given.connect()
    await conn.execute("create role made_by_killed; create table t (); alter table t owner to made_by_killed")
    print("ready", flush=True)
    while True:
        await conn.execute("select pg_sleep(0.01)")
asyncio.run(main())
"""


async def test_only_databases_and_roles_of_a_killed_process_are_dropped(
    server: TemporaryServer,
) -> None:
    dsn = server.dsn()
    strangers = (
        "koonj_scratch_mine",  # the name has another form
        "koonj_scratch_host_1_0123456789ab",  # no mark
    )
    for name in strangers:
        _ask(dsn, f"create database {name}")
    _ask(dsn, "comment on database koonj_scratch_host_1_0123456789ab is 'somebody''s'")
    unborn = "koonj_scratch_host_2_0123456789ab"  # koonj was killed between CREATE DATABASE and COMMENT
    _ask(dsn, f"create database {unborn} connection limit {ownership.LIMIT}")
    child = subprocess.Popen(
        [sys.executable, "-c", _WORK, dsn], stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert child.stdout
    assert child.stdout.readline() == "ready\n"
    child.kill()
    child.communicate()
    assert unborn not in _databases(dsn)
    assert len(_databases(dsn)) == 3
    given = await asyncio.to_thread(NamedServerScratch, ScratchPlace(dsn))
    await given.reset()
    await given.close()
    assert _databases(dsn) == sorted(strangers)
    assert _roles(dsn) == ["postgres"]
    for name in strangers:
        _ask(dsn, f"drop database {name}")


class TestRefused:
    async def test_open_fails_when_the_role_cannot_create_databases(self, server: TemporaryServer) -> None:
        _ask(server.dsn(), "create role weak login")
        place = ScratchPlace(make_conninfo(server.dsn(), user="weak"))
        with pytest.raises(ScratchError, match="Role weak is not allowed to create databases") as caught:
            await asyncio.to_thread(open_scratch, place)
        assert "ALTER ROLE weak CREATEDB" in caught.value.hint
        _ask(server.dsn(), "drop role weak")

    async def test_open_fails_when_the_server_has_another_major_version(
        self, server: TemporaryServer
    ) -> None:
        major = server.binaries.major
        with pytest.raises(ScratchError, match=rf"is PostgreSQL {major}, not 12\."):
            await asyncio.to_thread(open_scratch, ScratchPlace(server.dsn()), major=12)

    async def test_open_fails_when_the_dsn_points_to_a_pooler(self, server: TemporaryServer) -> None:
        """Like a pooler, it sends the client another pid than that of the server process."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            up_reader, up_writer = await asyncio.open_unix_connection(str(server.folder / ".s.PGSQL.5432"))
            await asyncio.gather(_pump(reader, up_writer), _pump(up_reader, writer))

        async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                key = data.find(b"K\0\0\0\x0c")  # BackendKeyData: its length, the pid, a secret
                if key >= 0:
                    data = data[: key + 5] + b"\0\0\0\x07" + data[key + 9 :]
                sink.write(data)
            sink.close()

        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            async with await asyncio.start_unix_server(serve, f"{folder}/.s.PGSQL.5432"):
                place = ScratchPlace(make_conninfo(server.dsn(), host=folder))
                with pytest.raises(ScratchError, match="connection pooler"):
                    await asyncio.to_thread(open_scratch, place)

    async def test_open_fails_when_the_server_is_unreachable(self) -> None:
        place = ScratchPlace("host=127.0.0.1 port=1 user=x dbname=x")
        with pytest.raises(ScratchError, match="refused"):
            await asyncio.to_thread(open_scratch, place)

    async def test_error_does_not_contain_the_password_when_the_dsn_is_invalid(self) -> None:
        with pytest.raises(ScratchError) as caught:
            await asyncio.to_thread(open_scratch, ScratchPlace("password=s3cret hots=x"))
        assert "s3cret" not in str(caught.value) + caught.value.hint

    async def test_open_fails_when_the_password_cannot_be_read(self, server: TemporaryServer) -> None:
        place = ScratchPlace(server.dsn(), Password("env", "KOONJ_TEST_NO_SUCH_VARIABLE"))
        with pytest.raises(
            ScratchError, match=r"password of the configured scratch server could not be read"
        ):
            await asyncio.to_thread(open_scratch, place)


async def test_role_with_createdb_and_createrole_can_rehearse(server: TemporaryServer) -> None:
    _ask(server.dsn(), "create role maker login createdb createrole")
    given = await asyncio.to_thread(
        NamedServerScratch, ScratchPlace(make_conninfo(server.dsn(), user="maker"))
    )
    await _do(given, "create table t (); create role r; grant select on t to r")
    await given.reset()
    assert await _do(given, "select to_regrole('r')") == [None]
    await given.save("k")
    await given.restore("k")
    await given.close()
    assert _databases(server.dsn()) == []
    assert _roles(server.dsn()) == ["maker", "postgres"]
    _ask(server.dsn(), "drop role maker")


async def test_database_of_another_role_is_not_dropped(
    server: TemporaryServer,
) -> None:
    dsn = server.dsn()
    name = "koonj_scratch_host_3_0123456789ab"
    _ask(dsn, f"create database {name} connection limit {ownership.LIMIT}")
    _ask(dsn, "create role maker login createdb")
    given = await asyncio.to_thread(NamedServerScratch, ScratchPlace(make_conninfo(dsn, user="maker")))
    await given.reset()
    await given.close()
    assert _databases(dsn) == [name]
    _ask(dsn, "drop role maker")
    _ask(dsn, f"drop database {name}")
