"""The throw-away cluster."""

import psycopg


def test_a_fresh_database_is_empty_and_the_server_is_ours(database: str) -> None:
    with psycopg.connect(database) as connection:
        assert connection.execute(
            "select count(*) from pg_class where relnamespace = 'public'::regnamespace"
        ).fetchone() == (0,)
