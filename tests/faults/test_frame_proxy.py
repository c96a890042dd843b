"""The proxy of the fault tests knows every message, and interrupts exactly where it is told to."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from support.frame_proxy import Boundary, Conversation, Effect, FrameProxy, Place
from support.frames import Message, MessageReader, Sender

CLIENT = (
    b"\0\0\0\x08\0\x03\0\0",
    b"Q\0\0\0\x0dSELECT 1\0",
    b"P\0\0\0\x11\0SELECT 2\0\0\0\0",
    b"S\0\0\0\x04",
)
OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def proxy(database: str) -> Iterator[FrameProxy]:
    parts = conninfo_to_dict(database)
    with FrameProxy(Path(str(parts["host"])) / f".s.PGSQL.{parts.get('port', 5432)}") as running:
        yield running


@pytest.mark.parametrize("size", range(1, 20))
def test_messages_are_cut_wherever_a_packet_ends(size: int) -> None:
    stream, reader = b"".join(CLIENT), MessageReader(Sender.CLIENT)
    found: list[Message] = []
    for start in range(0, len(stream), size):
        found += reader.feed(stream[start : start + size])
    assert [message.data for message in found] == list(CLIENT)
    assert [message.kind for message in found] == ["Startup", "Query", "Parse", "Sync"]
    assert [message.text for message in found] == ["", "SELECT 1", "SELECT 2", ""]


@pytest.mark.parametrize(
    ("place", "created"), [(Place.BEFORE, False), (Place.INSIDE, False), (Place.AFTER, True)]
)
def test_connection_is_cut_at_the_place(
    proxy: FrameProxy, database: str, place: Place, *, created: bool
) -> None:
    # The second message of the client is the query.
    proxy.begin(Conversation(Boundary(Sender.CLIENT, 2, place), Effect.CUT))
    with (
        pytest.raises(psycopg.OperationalError),
        psycopg.connect(make_conninfo(database, host=str(proxy.folder)), autocommit=True) as connection,
    ):
        connection.execute("CREATE TABLE cut (id int)")
    with psycopg.connect(database, autocommit=True) as connection:
        while connection.execute(OTHERS).fetchone() != (0,):
            pass  # the other session can still be at work
        found = connection.execute("SELECT to_regclass('cut') IS NOT NULL").fetchone()
    assert found == (created,)
    assert proxy.conversation.reached is not None


def test_answer_is_lost_when_the_connection_is_cut_before_it(proxy: FrameProxy, database: str) -> None:
    with psycopg.connect(make_conninfo(database, host=str(proxy.folder)), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (id int)")
    number = [m.text for m in proxy.conversation.messages if m.sender is Sender.SERVER].index(
        "CREATE TABLE"
    ) + 1
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DROP TABLE kept")
    proxy.begin(Conversation(Boundary(Sender.SERVER, number, Place.BEFORE), Effect.CUT))
    with (
        pytest.raises(psycopg.OperationalError),
        psycopg.connect(make_conninfo(database, host=str(proxy.folder)), autocommit=True) as connection,
    ):
        connection.execute("CREATE TABLE kept (id int)")
    with psycopg.connect(database, autocommit=True) as connection:
        assert connection.execute("SELECT to_regclass('kept') IS NOT NULL").fetchone() == (True,)


def test_connection_is_cut_later_while_a_statement_runs(proxy: FrameProxy, database: str) -> None:
    proxy.begin(Conversation(Boundary(Sender.CLIENT, 2, Place.AFTER), Effect.CUT, delay=0.05))
    with (
        pytest.raises(psycopg.OperationalError),
        psycopg.connect(make_conninfo(database, host=str(proxy.folder)), autocommit=True) as connection,
    ):
        connection.execute("SELECT pg_sleep(30)")
    assert proxy.conversation.counts[Sender.CLIENT] == 2
