"""Statements that decide themselves how long they wait for a lock, compared with the server."""

import psycopg
import pytest

from koonj.sql.lock_patience import says_nowait, sets_lock_timeout

_SETTERS = [
    "SET lock_timeout = '1s'",
    "set /* x */ LOCAL\nLock_Timeout TO 1000",
    "SET SESSION lock_timeout = 1000",
    "SET \"lock_timeout\" = '1s'",
    "RESET lock_timeout",
    "SELECT set_config('lock_timeout', '1s', true)",
    "SELECT pg_catalog.set_config ( 'LOCK_TIMEOUT', '1s', false)",
    "SELECT 1, \"set_config\"(E'lock_timeout', '1s', false)",
    "DO $$ BEGIN SET LOCAL lock_timeout = '1s'; END $$",
    "DO LANGUAGE plpgsql $$ BEGIN PERFORM set_config('lock_timeout', '1s', false); END $$",
    "DO $$ BEGIN IF true THEN EXECUTE 'SET LOCAL lock_timeout = ' || 1000; END IF; END $$",
    "DO $$ <<a>> BEGIN EXECUTE format('SET lock_timeout = %L', '1s'); END $$",
    "DO 'BEGIN SET lock_timeout = 1000; END'",
    "UPDATE pg_settings SET setting = '1s' WHERE name = 'lock_timeout'",
    "UPDATE pg_catalog.pg_settings SET setting = '1s' WHERE name = 'lock_timeout'",
]
_OTHERS = [
    "SELECT 1",
    "SELECT 1 -- SET lock_timeout = '1s'",
    "/* SET lock_timeout = '1s'; */ SELECT 'lock_timeout'",
    "SELECT 'SET lock_timeout = 1000', $$SET lock_timeout = 1000$$",
    "CREATE TEMP TABLE a (lock_timeout int)",
    "CREATE TEMP TABLE a AS SELECT 1 AS lock_timeout; UPDATE a SET lock_timeout = 2",
    "SELECT current_setting('lock_timeout')",
    "SHOW lock_timeout",
    "SELECT set_config('search_path', 'lock_timeout', true)",
    "SET search_path = 'lock_timeout'",
    "SET statement_timeout = '9min' -- not lock_timeout",
    "ALTER ROLE CURRENT_USER SET lock_timeout = '1s'",
    "ALTER ROLE CURRENT_USER RESET lock_timeout",
    "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql SET lock_timeout = '1s' AS 'SELECT 1'",
    "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; "
    "ALTER FUNCTION pg_temp.f() SET lock_timeout = '1s'",
    "CREATE FUNCTION pg_temp.f() RETURNS void LANGUAGE plpgsql AS "
    "$$ BEGIN SET lock_timeout = '1s'; PERFORM set_config('lock_timeout', '1s', false); END $$",
    "DO $$ BEGIN RAISE LOG 'SET lock_timeout = 1s'; END $$",
    "DO $$ BEGIN -- SET lock_timeout = 1000;\nNULL; END $$",
    "DO $$ DECLARE a text := 'lock_timeout'; BEGIN NULL; END $$",
    "COMMENT ON SCHEMA public IS 'SET lock_timeout = 1000'",
]


@pytest.mark.parametrize("text", _SETTERS)
def test_it_sets_lock_timeout(text: str) -> None:
    assert sets_lock_timeout(text)
    assert sets_lock_timeout(f"SELECT 1; {text};")


@pytest.mark.parametrize("text", _OTHERS)
def test_it_does_not_set_lock_timeout(text: str) -> None:
    assert not sets_lock_timeout(text)


def test_the_server_decides_the_same(database: str) -> None:
    with psycopg.connect(database) as conn:
        for text in (*_SETTERS, *_OTHERS):
            with conn.transaction(force_rollback=True):
                conn.execute("SET LOCAL lock_timeout = '8s'")
                conn.execute(text)
                (limit,) = conn.execute("SHOW lock_timeout").fetchone() or ("",)
            assert (limit != "8s") is sets_lock_timeout(text), text


@pytest.mark.parametrize(
    "text",
    [
        "LOCK TABLE t IN SHARE MODE NOWAIT",
        "LOCK t nowait;",
        "SELECT * FROM t FOR UPDATE OF t NOWAIT",
        "SELECT * FROM t FOR UPDATE NOWAIT LIMIT 1",
        "INSERT INTO a (SELECT * FROM t FOR SHARE NOWAIT)",
        "DO $$ BEGIN LOCK TABLE t NOWAIT; END $$",
        "DO $$ BEGIN EXECUTE 'LOCK TABLE t NOWAIT'; END $$",
    ],
)
def test_it_says_nowait(text: str) -> None:
    assert says_nowait(text)


@pytest.mark.parametrize(
    "text",
    [
        "LOCK TABLE t -- NOWAIT",
        "LOCK TABLE t /* NOWAIT */",
        "ALTER TABLE t ADD COLUMN nowait bool",
        "INSERT INTO t VALUES ('NOWAIT')",
        "COMMENT ON TABLE t IS $$NOWAIT$$",
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN LOCK TABLE t NOWAIT; END $$",
        "DO $$ BEGIN RAISE LOG 'NOWAIT'; END $$",
    ],
)
def test_it_does_not_say_nowait(text: str) -> None:
    assert not says_nowait(text)
