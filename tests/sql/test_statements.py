"""Compare koonj's classification of statements with a real server's answer."""

from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.sql.statements import Refusal, TransactionControl, classify

CONTROL = [
    ("BEGIN", TransactionControl.BEGIN),
    ("begin work;", TransactionControl.BEGIN),
    ("BEGIN TRANSACTION", TransactionControl.BEGIN),
    ("BEGIN ISOLATION LEVEL SERIALIZABLE, READ WRITE, DEFERRABLE", TransactionControl.BEGIN),
    ("/* x */ START TRANSACTION READ ONLY -- y", TransactionControl.BEGIN),
    ("COMMIT", TransactionControl.COMMIT),
    ("COMMIT WORK AND NO CHAIN", TransactionControl.COMMIT),
    ("END", TransactionControl.COMMIT),
    ("END TRANSACTION", TransactionControl.COMMIT),
    ("ROLLBACK", TransactionControl.ROLLBACK),
    ("ABORT WORK", TransactionControl.ROLLBACK),
    ("ROLLBACK TRANSACTION AND CHAIN", TransactionControl.ROLLBACK),
    ("SAVEPOINT a", TransactionControl.SAVEPOINT),
    ("RELEASE SAVEPOINT a", TransactionControl.RELEASE),
    ('RELEASE "a"', TransactionControl.RELEASE),
    ("ROLLBACK TO a", TransactionControl.ROLLBACK_TO),
    ("ROLLBACK WORK TO SAVEPOINT a", TransactionControl.ROLLBACK_TO),
    ("ABORT TRANSACTION TO a", TransactionControl.ROLLBACK_TO),
    ("PREPARE TRANSACTION 'x'", TransactionControl.PREPARE),
    ("PREPARE transaction AS SELECT 1", None),
    ("PREPARE x AS SELECT 1", None),
    ("COMMIT PREPARED 'x'", TransactionControl.COMMIT_PREPARED),
    ("ROLLBACK PREPARED 'x'", TransactionControl.ROLLBACK_PREPARED),
    ("SET TRANSACTION READ ONLY", None),
    ('"begin"', None),
    ("'begin'", None),
    ("beginning", None),
    ("CREATE TABLE begin ()", None),
]


@pytest.mark.parametrize(("sql", "control"), CONTROL)
def test_transaction_control_is_recognized(sql: str, control: TransactionControl | None) -> None:
    assert classify(sql).control is control


def test_chain_and_read_only_are_recognized() -> None:
    assert classify("COMMIT AND CHAIN").chain
    assert not classify("COMMIT AND NO CHAIN").chain
    assert classify("BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY").read_only
    assert not classify("BEGIN READ ONLY, READ WRITE").read_only
    assert classify("SET TRANSACTION READ ONLY").read_only
    assert not classify("SET x = 'READ ONLY'").read_only


YES, NO, MAYBE = Refusal.YES, Refusal.NO, Refusal.MAYBE

# Each also runs inside BEGIN on a real server. `t` is a table with an index `i`, `p` is partitioned, and `p1` is a
# partition of it.
EVERYWHERE = [
    ("VACUUM", YES),
    ("VACUUM (ANALYZE) t", YES),
    ("CREATE DATABASE d", YES),
    ("DROP DATABASE IF EXISTS d", YES),
    ("CREATE TABLESPACE s LOCATION '/nowhere'", YES),
    ("DROP TABLESPACE s", YES),
    ("ALTER SYSTEM SET work_mem = '4MB'", YES),
    ("ALTER DATABASE postgres SET TABLESPACE pg_default", YES),
    ("ALTER DATABASE postgres WITH TABLESPACE pg_default", YES),
    ("ALTER DATABASE postgres RESET tablespace", NO),
    ("ALTER DATABASE postgres SET work_mem = '4MB'", NO),
    ("DISCARD ALL", YES),
    ("DISCARD PLANS", NO),
    ("COMMIT PREPARED 'x'", YES),
    ("ROLLBACK PREPARED 'x'", YES),
    ("CREATE INDEX CONCURRENTLY j ON t (a)", YES),
    ("create /* c */ unique index concurrently -- d\n if not exists j on t (a)", YES),
    ("CREATE INDEX CONCURRENTLY ON t (a)", YES),
    ('CREATE INDEX "concurrently" ON t (a)', NO),
    ("CREATE INDEX ON t (a)", NO),
    ("DROP INDEX CONCURRENTLY i", YES),
    ("DROP INDEX CONCURRENTLY IF EXISTS i", YES),
    ("DROP INDEX i", NO),
    ("REINDEX INDEX CONCURRENTLY i", YES),
    ("REINDEX TABLE CONCURRENTLY t", YES),
    ("REINDEX SCHEMA public", YES),
    ("REINDEX (VERBOSE) SYSTEM postgres", YES),
    ("REINDEX TABLE t", MAYBE),
    ("REINDEX INDEX i", MAYBE),
    ("CLUSTER", YES),
    ("CLUSTER VERBOSE", YES),
    ("CLUSTER t USING i", MAYBE),
    ("CREATE SUBSCRIPTION s CONNECTION 'host=/nowhere' PUBLICATION p", YES),
    (
        "CREATE SUBSCRIPTION s CONNECTION 'host=/nowhere' PUBLICATION p WITH (enabled = off, create_slot = on)",
        YES,
    ),
    ("CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (connect = false)", NO),
    ("CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (connect = 'off', slot_name = NONE)", NO),
    ("DROP SUBSCRIPTION IF EXISTS s", MAYBE),
    ("CREATE TABLE n (a int)", NO),
    ("CREATE TABLE concurrently_named (database int)", NO),
    ("ALTER TYPE mood ADD VALUE 'x'", NO),
    ("REFRESH MATERIALIZED VIEW CONCURRENTLY m", NO),
    ("ANALYZE t", NO),
    ("TRUNCATE t", NO),
    ("LOCK TABLE t IN ACCESS EXCLUSIVE MODE", NO),
    ("COMMENT ON TABLE t IS 'VACUUM'", NO),
    ("INSERT INTO t (a) VALUES (1)", NO),
    ("DO $$ BEGIN PERFORM 1; END $$", NO),
    ("DO $$ BEGIN EXECUTE 'VACUUM'; END $$", MAYBE),
    ("DO LANGUAGE 'plpgsql' $$ BEGIN EXECUTE 'CREATE INDEX CONCURRENTLY ON t (a)'; END $$", MAYBE),
    ("DO 'BEGIN PERFORM ''EXECUTE vacuum''; END'", NO),
]
SINCE_14 = [
    ("REINDEX (CONCURRENTLY) TABLE t", YES),
    ("REINDEX (VERBOSE, CONCURRENTLY on) INDEX i", YES),
    ("REINDEX (CONCURRENTLY off) INDEX i", MAYBE),
    ("ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY", YES),
    ("ALTER TABLE IF EXISTS ONLY public.p DETACH PARTITION public.p1 CONCURRENTLY", YES),
    ("ALTER TABLE p DETACH PARTITION p1", NO),
    ("ALTER SUBSCRIPTION s REFRESH PUBLICATION", YES),
    ("ALTER SUBSCRIPTION s SET PUBLICATION r WITH (refresh = false)", NO),
    ("ALTER SUBSCRIPTION s ADD PUBLICATION r", YES),
    ("ALTER SUBSCRIPTION s DROP PUBLICATION q WITH (copy_data = 'x', refresh = 'off')", NO),
    ("ALTER SUBSCRIPTION s DISABLE", NO),
]
BY_DATA = [
    ("ALTER SUBSCRIPTION s SET (failover)", YES),
    ("ALTER SUBSCRIPTION s SET (two_phase = true)", MAYBE),
    ("ALTER SUBSCRIPTION s SET (slot_name = NONE)", NO),
    ("CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (create_slot = false)", NO),
    ("DO $$ BEGIN IF x THEN ROLLBACK; END IF; END $$", MAYBE),
    ("DO $$ BEGIN EXECUTE 'SELECT 1'; END $$", NO),
    ("CALL p()", NO),
]
PARTITIONED = ["REINDEX TABLE p", "REINDEX INDEX pi", "CLUSTER p USING pi"]
FAILOVER = "ALTER SUBSCRIPTION s SET (failover = true)"
SET_UP = """
    CREATE TABLE t (a int); CREATE INDEX i ON t (a);
    CREATE TABLE p (a int NOT NULL) PARTITION BY RANGE (a); CREATE INDEX pi ON p (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (2);
    CREATE TYPE mood AS ENUM ('y');
    CREATE MATERIALIZED VIEW m AS SELECT 1 AS a; CREATE UNIQUE INDEX mi ON m (a);
    CREATE PUBLICATION q;
"""
IN_TRANSACTION = "25001"  # active_sql_transaction


@pytest.mark.parametrize(("sql", "traits"), EVERYWHERE + SINCE_14 + BY_DATA)
def test_refusal_is_classified(sql: str, traits: Refusal) -> None:
    found = classify(sql)
    assert found.refusal is traits
    assert bool(found.refusal_reason) is (traits is not NO)


def test_refusal_equals_that_of_the_server(database: str) -> None:
    """Compare the server's SQLSTATE with the verdict, on one connection."""
    wrong = []
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(SET_UP.encode())
        major = connection.info.server_version // 10000
        known = EVERYWHERE + (SINCE_14 if major >= 14 else [])
        for sql, traits in known:
            refused = refusing(connection, sql) == IN_TRANSACTION
            if traits is not MAYBE and refused is not (traits is YES):
                wrong.append((sql, traits, refused))
        if major >= 15:
            assert [refusing(connection, sql) for sql in PARTITIONED] == [IN_TRANSACTION] * 3
        if major >= 17:
            assert refusing(connection, FAILOVER) == IN_TRANSACTION
        assert wrong == []
        commits = "DO $$ BEGIN COMMIT; END $$"
        assert refusing(connection, commits) == "2D000"
        assert classify(commits).refusal is MAYBE


def refusing(connection: psycopg.Connection[tuple[object, ...]], sql: str) -> str | None:
    """Return the SQLSTATE of the statement inside a transaction; None if it works.

    The transaction has a subscription `s`.
    """
    connection.execute("BEGIN")
    try:
        connection.execute(
            b"CREATE SUBSCRIPTION s CONNECTION 'host=/nowhere' PUBLICATION q WITH (connect = false, slot_name = 'x')"
            if sql.startswith("ALTER SUBSCRIPTION")
            else b"SELECT"
        )
        if (
            "PUBLICATION" in sql and "refresh =" not in sql and sql.startswith("ALTER")
        ):  # only enabled subscriptions refresh
            connection.execute("ALTER SUBSCRIPTION s ENABLE")
        connection.execute(sql.encode())
    except psycopg.Error as error:
        return error.sqlstate
    finally:
        connection.execute("ROLLBACK")
    return None


@pytest.mark.parametrize(
    ("sql", "concurrent"),
    [
        ("CREATE INDEX CONCURRENTLY ON t (a)", True),
        ("DROP INDEX CONCURRENTLY i", True),
        ("REINDEX (CONCURRENTLY) TABLE t", True),
        ("REINDEX SCHEMA CONCURRENTLY s", True),
        ("ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY", True),
        ("ALTER TABLE p DETACH PARTITION p1 FINALIZE", False),
        ("REFRESH MATERIALIZED VIEW CONCURRENTLY m", False),
        ("VACUUM", False),
    ],
)
def test_concurrent_statement_is_recognized(sql: str, concurrent: bool) -> None:
    assert classify(sql).is_concurrent is concurrent


SUMMARIES = [
    line.split(" => ")
    for line in (Path(__file__).parent / "data" / "summaries.txt").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize(("sql", "summary"), SUMMARIES)
def test_summary_describes_the_statement(sql: str, summary: str) -> None:
    assert classify(sql).summary == summary


@pytest.mark.parametrize(
    ("sql", "parts"),
    [
        ('CREATE TABLE "A b".c (x int)', ("create", "table", '"A b".c')),
        ("CREATE MATERIALIZED VIEW IF NOT EXISTS v AS SELECT 1", ("create", "materialized view", "v")),
        ("WITH a AS (DELETE FROM t RETURNING *) INSERT INTO u SELECT * FROM a", ("insert", "table", "u")),
        ("DROP FUNCTION IF EXISTS s.f(int)", ("drop", "function", "s.f")),
        ("CREATE INDEX ON t (a)", ("create", "index", "")),
        ("SAVEPOINT x", ("savepoint", "", "x")),
    ],
)
def test_verb_kind_and_name_are_read(sql: str, parts: tuple[str, str, str]) -> None:
    found = classify(sql)
    assert (found.verb, found.kind, found.name) == parts


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER ROLE r PASSWORD 'hunter2'",
        "CREATE ROLE r LOGIN PASSWORD 'hunter2'",
        "CREATE USER MAPPING FOR r SERVER s OPTIONS (password 'hunter2')",
        "CREATE SUBSCRIPTION s CONNECTION 'password=hunter2' PUBLICATION p",
        "ALTER SUBSCRIPTION s CONNECTION 'password=hunter2'",
        "SET x = 'hunter2'",
        "SELECT set_config('x', 'hunter2', false)",
        "NOTIFY c, 'hunter2'",
        "EXECUTE q('hunter2')",
    ],
)
def test_summary_contains_no_secret(sql: str) -> None:
    assert "hunter2" not in classify(sql).summary


WORDS = st.lists(
    st.sampled_from(
        ["create", "alter", "drop", "reindex", "cluster", "comment", "on", "index", "table", "(", ")", ",", ";", "'x'",
         "concurrently", "with", "set", "copy", "from", "stdin", "do", "$$", "begin", "execute", "if", "exists", "a", ".",
         "=", "*", '"', "subscription", "publication", "refresh", "--", "\n", "/*", "column", "add", "grant", "\u202e"]
    )
).map(" ".join)  # fmt: skip


@given(st.text() | WORDS)
def test_any_text_has_a_summary_on_one_short_line(sql: str) -> None:
    found = classify(sql)
    assert len(found.summary) <= 100
    assert all(c.isprintable() for c in found.summary if c.isascii())
    assert "\u202e" not in found.summary


def test_long_statement_is_not_read_to_its_end() -> None:
    long = "INSERT INTO t VALUES " + ", ".join(["(1, 'x')"] * 2_000_000)
    assert classify(long).summary == "insert into t"


@pytest.mark.parametrize(
    "sql",
    ["SELECT 1;", "select\n1;", "(SELECT 1);", "/* a */ DROP TABLE t;", "WITH a AS (SELECT 1) INSERT INTO t SELECT 1;",
     "with a as (select 1);", "éclair;", "SELECT", "", ";", "vacuum;", "BEGIN;", "U&'a';", "E'a';", "Create table t ();"],
)  # fmt: skip
def test_the_verb_alone_is_that_of_the_description(sql: str) -> None:
    assert classify(sql).verb == classify(sql).outline.read().verb
