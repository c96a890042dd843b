"""Which databases and locks of a configured scratch server belong to koonj, and what a copy of a schema omits."""

import secrets
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import AsyncConnection, sql

from koonj.postgres.connection import connect
from koonj.postgres.scratch.interface import ScratchError
from koonj.postgres.scratch.login import Connection
from koonj.postgres.scratch.ownership import (
    LIMIT,
    comment,
    drop_database,
    new_name,
    orphans,
    try_turn,
    wait_for_turn,
)
from koonj.postgres.scratch.role_settings import read_surroundings

CLASS, OBJECT = 0x6B6F6F6E, 0x7363
"""The lock of rehearsals, as versions of koonj before this one take it."""


@pytest.fixture
def conn(database: str) -> Iterator[Connection]:
    with connect(database) as made:
        yield made


def _can_start(conn: Connection) -> bool:
    """Return whether koonj gets its turn without waiting."""
    try:
        wait_for_turn(conn, lambda: True)
    except ScratchError:
        return False
    return True


def test_two_rehearsals_on_one_server_take_turns_whatever_their_databases(
    conn: Connection, make_database: Callable[[], str]
) -> None:
    with psycopg.connect(make_database(), autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s::int, %s::int)", (CLASS, OBJECT))
        assert not _can_start(conn)
        [(held,)] = conn.execute(
            "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'"
        ).fetchall()
        assert held == 0, "what was taken in vain is given back"
        other.execute("SELECT pg_advisory_unlock_all()")
        assert _can_start(conn)


@pytest.mark.parametrize(
    "lock",
    [
        f"pg_advisory_lock({CLASS}::bigint << 32 | {OBJECT})",
        f"pg_advisory_lock({CLASS}, {OBJECT + 1})",
        f"pg_advisory_lock({CLASS + 1}, {OBJECT})",
    ],
    ids=["of one number", "with another second number", "with another first number"],
)
def test_a_lock_that_resembles_the_one_of_rehearsals_does_not_stop_them(
    conn: Connection, make_database: Callable[[], str], lock: str
) -> None:
    with psycopg.connect(make_database(), autocommit=True) as other:
        other.execute(f"SELECT {lock}".encode())
        assert _can_start(conn)


@pytest.fixture
def make_named(conn: Connection) -> Iterator[Callable[[str, int, str | None], None]]:
    """A function that creates a database with this name, connection limit and comment."""
    made: list[str] = []

    def make(name: str, limit: int, text: str | None) -> None:
        made.append(name)
        quick = sql.SQL("STRATEGY FILE_COPY" if conn.info.server_version >= 150000 else "")
        create = sql.SQL("CREATE DATABASE {} TEMPLATE template0 CONNECTION LIMIT {} {}")
        conn.execute(create.format(sql.Identifier(name), sql.Literal(limit), quick))
        if text is not None:
            remark = sql.SQL("COMMENT ON DATABASE {} IS {}")
            conn.execute(remark.format(sql.Identifier(name), sql.Literal(text)))

    yield make
    for name in made:
        drop_database(conn, name)


def test_databases_without_both_marks_of_koonj_are_not_dropped(
    conn: Connection, make_named: Callable[[str, int, str | None], None]
) -> None:
    ours, fresh, checkpoint = new_name(), new_name(), f"{new_name()}_c1"
    make_named(ours, LIMIT, comment(()))
    make_named(fresh, LIMIT, None)
    make_named(checkpoint, LIMIT, comment(()))
    make_named(new_name(), -1, None)
    make_named(new_name(), LIMIT, "mine, do not touch")
    make_named(f"{new_name()}_copy", LIMIT, comment(()))
    make_named(f"koonj_{secrets.token_hex(4)}", LIMIT, comment(()))
    assert {orphan.name for orphan in orphans(conn)} == {ours, fresh, checkpoint}


async def test_tablespaces_and_subscriptions_of_this_database_are_named_as_omitted(
    database: str, make_database: Callable[[], str]
) -> None:
    name = f"near_{secrets.token_hex(4)}"
    subscribe = "CREATE SUBSCRIPTION {} CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE)"
    with psycopg.connect(make_database(), autocommit=True) as other:
        other.execute(subscribe.format("elsewhere").encode())
        async with await AsyncConnection.connect(database, autocommit=True) as conn:
            if conn.info.server_version < 150000:
                pytest.skip("PostgreSQL 15 added tablespaces without a folder of their own")
            await conn.execute("SET allow_in_place_tablespaces TO on")
            await conn.execute(f"CREATE TABLESPACE {name} LOCATION ''".encode())
            await conn.execute("CREATE TABLE plain (id int)")
            assert (await read_surroundings(conn)).left_out == ()
            await conn.execute(f"CREATE TABLE a (id int) TABLESPACE {name}".encode())
            await conn.execute(subscribe.format('"Here"').encode())
            assert (await read_surroundings(conn)).left_out == ('subscription "Here"', f"tablespace {name}")
            await conn.execute('DROP SUBSCRIPTION "Here"')
            await conn.execute("DROP TABLE a")
            await conn.execute(f"DROP TABLESPACE {name}".encode())
        other.execute("DROP SUBSCRIPTION elsewhere")


def test_holder_of_the_scratch_server_is_told_with_the_start_of_its_session(
    conn: Connection, database: str
) -> None:
    assert try_turn(conn).taken
    with connect(database) as other:
        turn = try_turn(other)
        assert turn.holder is not None
        assert turn.holder.pid == conn.info.backend_pid
        row = other.execute(
            "SELECT backend_start FROM pg_stat_activity WHERE pid = %s", (turn.holder.pid,)
        ).fetchone()
        assert row == (turn.holder.since,)
