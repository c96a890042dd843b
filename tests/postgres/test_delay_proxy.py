"""The proxy of the benchmarks delays and counts round trips like a network."""

from pathlib import Path
from time import perf_counter

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from support.delay_proxy import DelayProxy


def _socket(dsn: str) -> Path:
    parts = conninfo_to_dict(dsn)
    return Path(str(parts["host"])) / f".s.PGSQL.{parts.get('port', 5432)}"


def _far(dsn: str, proxy: DelayProxy) -> str:
    return make_conninfo(dsn, host="127.0.0.1", port=proxy.port, sslmode="disable", gssencmode="disable")


def test_each_awaited_answer_is_one_round_trip(database: str) -> None:
    with DelayProxy(_socket(database)) as proxy:
        with psycopg.connect(_far(database, proxy), autocommit=True) as connection:
            opened = proxy.round_trips
            for _ in range(3):
                connection.execute("SELECT 1")
        assert opened == 1
        assert proxy.round_trips == 4
        assert proxy.connections == 1


def test_messages_sent_together_are_one_round_trip(database: str) -> None:
    with (
        DelayProxy(_socket(database), 0.02) as proxy,
        psycopg.connect(_far(database, proxy), autocommit=True) as connection,
    ):
        opened = proxy.round_trips
        with connection.pipeline():
            for _ in range(10):
                connection.execute("SELECT 1")
        assert proxy.round_trips - opened == 1


def test_every_round_trip_takes_its_time(database: str) -> None:
    with DelayProxy(_socket(database), 0.04) as proxy:
        start = perf_counter()
        with psycopg.connect(_far(database, proxy), autocommit=True) as connection:
            connection.execute("SELECT 1")
        assert perf_counter() - start >= 3 * 0.04  # the TCP handshake, the login, the query
