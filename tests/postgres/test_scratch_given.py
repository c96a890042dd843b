"""A scratch on a given server: it makes and drops its own there, and touches nothing else."""

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
from koonj.postgres.embedded.scratch import TemporaryServer
from koonj.postgres.scratch import marks
from koonj.postgres.scratch.choose import open_scratch
from koonj.postgres.scratch.given import NamedServerScratch
from koonj.postgres.scratch.server import ScratchError
from koonj.postgres.scratch.settings import SESSION_SETTINGS


def _ask(dsn: str, query: str) -> list[object]:
    with psycopg.connect(dsn, autocommit=True) as conn:
        cursor = conn.execute(query.encode())
        return [row[0] for row in cursor.fetchall()] if cursor.description else []


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
    """The given server: one for this file, for its roles and databases are counted."""
    with TemporaryServer(binaries) as running:
        yield running


@pytest.fixture
async def given(server: TemporaryServer) -> AsyncIterator[NamedServerScratch]:
    scratch = await asyncio.to_thread(NamedServerScratch, ScratchPlace(server.dsn()))
    yield scratch
    await scratch.close()
    assert _databases(server.dsn()) == []
    assert _roles(server.dsn()) == ["postgres"]


async def test_it_says_what_it_is_and_makes_nothing_before_it_is_needed(
    given: NamedServerScratch, server: TemporaryServer
) -> None:
    assert given.major == server.binaries.major
    assert given.source == f"PostgreSQL {given.version} ([scratch] dsn)"
    assert not given.alone
    assert await given.nearest(("k",)) is None
    assert _databases(server.dsn()) == []


async def test_it_works_in_a_database_of_its_own_with_settings_that_stay(given: NamedServerScratch) -> None:
    settings = [f"RESET ALL; SHOW {name}" for name in SESSION_SETTINGS]
    async with await given.connect() as conn:
        assert conn.info.dbname.startswith("koonj_scratch_")
        for query, value in zip(settings, SESSION_SETTINGS.values(), strict=True):
            cursor = await conn.execute(query.encode())
            assert cursor.nextset()
            assert await cursor.fetchone() == (value,)


async def test_reset_restore_save(given: NamedServerScratch, server: TemporaryServer) -> None:
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


async def test_a_database_with_grants_of_its_own_makes_no_checkpoint(given: NamedServerScratch) -> None:
    await _do(
        given,
        "do $$ begin execute format('revoke connect on database %I from public', current_database()); end $$",
    )
    await given.save("k")
    assert await given.nearest(("k",)) is None


async def test_roles_it_made_go_and_others_stay(server: TemporaryServer) -> None:
    _ask(server.dsn(), "create role before_it")
    given = await asyncio.to_thread(NamedServerScratch, ScratchPlace(server.dsn()))
    await _do(given, "create role a; create role b in role a; create table t (); alter table t owner to b")
    await given.close()
    assert _roles(server.dsn()) == ["before_it", "postgres"]
    _ask(server.dsn(), "drop role before_it")


async def test_two_at_once_take_turns(given: NamedServerScratch, server: TemporaryServer) -> None:
    """Each makes the same role; a second one that used another database to connect to waits as well."""
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
        await asyncio.wait_for(waiting, 5)
        await _do(other, "create role same")
    finally:
        await other.close()


async def test_who_waits_can_be_closed(given: NamedServerScratch, server: TemporaryServer) -> None:
    await given.reset()
    other = await asyncio.to_thread(NamedServerScratch, ScratchPlace(server.dsn()))
    waiting = asyncio.create_task(other.reset())
    await asyncio.sleep(0.1)
    await asyncio.wait_for(other.close(), 5)
    with pytest.raises(ScratchError, match="closed"):
        await waiting


async def test_who_waits_too_long_is_told(
    given: NamedServerScratch, server: TemporaryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks, "_PATIENCE", 0.1)
    await given.reset()
    other = await asyncio.to_thread(NamedServerScratch, ScratchPlace(server.dsn()))
    with pytest.raises(ScratchError, match="Another koonj has been rehearsing"):
        await other.reset()
    await other.close()


_WORK = """
import asyncio, sys
from koonj.config import ScratchPlace
from koonj.postgres.scratch.given import GivenScratch
async def main():
    given = GivenScratch(ScratchPlace(sys.argv[1]))
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


async def test_what_a_killed_one_left_goes_with_the_next_and_nothing_else_does(
    server: TemporaryServer,
) -> None:
    dsn = server.dsn()
    strangers = (
        "koonj_scratch_mine",  # not the form of name
        "koonj_scratch_host_1_0123456789ab",  # no mark
    )
    for name in strangers:
        _ask(dsn, f"create database {name}")
    _ask(dsn, "comment on database koonj_scratch_host_1_0123456789ab is 'somebody''s'")
    unborn = "koonj_scratch_host_2_0123456789ab"  # killed between its making and its comment
    _ask(dsn, f"create database {unborn} connection limit {marks.LIMIT}")
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
    async def test_a_role_that_may_not_make_databases(self, server: TemporaryServer) -> None:
        _ask(server.dsn(), "create role weak login")
        place = ScratchPlace(make_conninfo(server.dsn(), user="weak"))
        with pytest.raises(ScratchError, match="Role weak may not create databases") as caught:
            await asyncio.to_thread(open_scratch, place)
        assert "ALTER ROLE weak CREATEDB" in caught.value.hint
        _ask(server.dsn(), "drop role weak")

    async def test_another_major(self, server: TemporaryServer) -> None:
        major = server.binaries.major
        with pytest.raises(ScratchError, match=rf"is PostgreSQL {major}, not 12\."):
            await asyncio.to_thread(open_scratch, ScratchPlace(server.dsn()), major=12)

    async def test_a_pooler(self, server: TemporaryServer) -> None:
        """As one does, it tells the client another pid than the server process has."""

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

    async def test_no_server(self) -> None:
        place = ScratchPlace("host=127.0.0.1 port=1 user=x dbname=x")
        with pytest.raises(ScratchError, match="refused"):
            await asyncio.to_thread(open_scratch, place)

    async def test_not_a_dsn_and_not_its_password(self) -> None:
        with pytest.raises(ScratchError) as caught:
            await asyncio.to_thread(open_scratch, ScratchPlace("password=s3cret hots=x"))
        assert "s3cret" not in str(caught.value) + caught.value.hint

    async def test_a_password_that_cannot_be_read(self, server: TemporaryServer) -> None:
        place = ScratchPlace(server.dsn(), Password("env", "KOONJ_TEST_NO_SUCH_VARIABLE"))
        with pytest.raises(ScratchError, match=r"password of \[scratch\] could not be read"):
            await asyncio.to_thread(open_scratch, place)


async def test_a_role_with_createdb_and_createrole_is_enough(server: TemporaryServer) -> None:
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


async def test_a_database_that_cannot_be_dropped_by_this_role_is_left_for_its_own(
    server: TemporaryServer,
) -> None:
    dsn = server.dsn()
    name = "koonj_scratch_host_3_0123456789ab"
    _ask(dsn, f"create database {name} connection limit {marks.LIMIT}")
    _ask(dsn, "create role maker login createdb")
    given = await asyncio.to_thread(NamedServerScratch, ScratchPlace(make_conninfo(dsn, user="maker")))
    await given.reset()
    await given.close()
    assert _databases(dsn) == [name]
    _ask(dsn, "drop role maker")
    _ask(dsn, f"drop database {name}")
