"""How often koonj waits for a target's answer, counted by a proxy; and that the proxy counts right."""

from __future__ import annotations

import select

import psycopg

from support.counting_proxy import counting_proxy


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


def test_the_proxy_counts_a_window_of_flights_as_one_round_trip(database: str) -> None:
    with counting_proxy(database, delay=0.02) as proxy, psycopg.connect(proxy.dsn, autocommit=True) as conn:
        line = conn.pgconn  # psycopg itself waits after each Sync
        line.enter_pipeline_mode()
        for _ in range(3):
            line.send_query_params(b"SELECT 1", None)
            line.pipeline_sync()
            line.flush()
        syncs = 0
        while syncs < 3:
            while line.is_busy():
                select.select([line.socket], [], [])
                line.consume_input()
            result = line.get_result()
            syncs += result is not None and result.status == psycopg.pq.ExecStatus.PIPELINE_SYNC
        assert proxy.round_trips == 1, proxy.report()
        line.exit_pipeline_mode()


def test_the_proxy_counts_what_follows_an_error(database: str) -> None:
    with counting_proxy(database) as proxy, psycopg.connect(proxy.dsn, autocommit=True) as conn:
        try:
            with conn.pipeline():
                conn.execute("SELECT 1/0")
                conn.execute("SELECT 1")
        except psycopg.errors.DivisionByZero:
            assert proxy.round_trips == 1, proxy.report()
        conn.execute("SELECT 1")
        assert proxy.round_trips == 2, proxy.report()
