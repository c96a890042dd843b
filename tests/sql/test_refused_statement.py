"""Which objects a statement outside a transaction is about."""

import pytest

from koonj.sql.refused_statement import RefusedKind, RefusedStatement, is_refused, refused_statement
from koonj.sql.script import Script

K = RefusedKind


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CREATE INDEX CONCURRENTLY i ON a (x);", (K.CREATE_INDEX, "i", "a")),
        (
            'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "I" ON ONLY s."A" (x)',
            (K.CREATE_INDEX, '"I"', 's."A"'),
        ),
        ("create index concurrently on a (x)", (K.CREATE_INDEX, "", "a")),
        ("DROP INDEX CONCURRENTLY IF EXISTS s.i", (K.DROP_INDEX, "s.i")),
        ("REINDEX INDEX CONCURRENTLY i", (K.REINDEX, "i")),
        ("REINDEX (VERBOSE, CONCURRENTLY) TABLE t", (K.REINDEX, "t", "", "", True)),
        ("REINDEX SCHEMA CONCURRENTLY s", (K.MAINTENANCE,)),
        ("REINDEX DATABASE d", (K.MAINTENANCE,)),
        ("ALTER TABLE IF EXISTS ONLY p DETACH PARTITION p1 CONCURRENTLY", (K.DETACH, "p1", "p")),
        ("CREATE DATABASE d TEMPLATE t", (K.CREATE_DATABASE, "d")),
        ("DROP DATABASE IF EXISTS d WITH (FORCE)", (K.DROP_DATABASE, "d")),
        ("ALTER DATABASE d SET TABLESPACE ts", (K.MOVE_DATABASE, "d", "", "ts")),
        ("CREATE TABLESPACE ts LOCATION '/x'", (K.CREATE_TABLESPACE, "ts")),
        ("DROP TABLESPACE IF EXISTS ts", (K.DROP_TABLESPACE, "ts")),
        ("ALTER SYSTEM SET work_mem = '8MB';", (K.ALTER_SYSTEM, "work_mem", "", "8MB")),
        ("ALTER SYSTEM SET app.x TO 5", (K.ALTER_SYSTEM, "app.x", "", "5")),
        ("ALTER SYSTEM SET search_path TO a, b", (K.ALTER_SYSTEM,)),
        ("ALTER SYSTEM RESET ALL", (K.ALTER_SYSTEM,)),
        ("CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p", (K.CREATE_SUBSCRIPTION, "s")),
        ("DROP SUBSCRIPTION s", (K.DROP_SUBSCRIPTION, "s")),
        ("ALTER SUBSCRIPTION s REFRESH PUBLICATION", (K.ALTER_SUBSCRIPTION, "s")),
        ("COMMIT PREPARED 'it''s'", (K.COMMIT_PREPARED, "", "", "it's")),
        ("ROLLBACK PREPARED 'g'", (K.ROLLBACK_PREPARED, "", "", "g")),
        ("VACUUM a", (K.VACUUM, "a")),
        ("VACUUM (ANALYZE, FULL) a;", (K.REWRITE, "a")),
        ("VACUUM FULL VERBOSE s.a (x)", (K.REWRITE, "s.a")),
        ("VACUUM (FULL off) a", (K.VACUUM, "a")),
        ("VACUUM a, b", (K.MAINTENANCE,)),
        ("VACUUM", (K.MAINTENANCE,)),
        ("CLUSTER a USING i", (K.REWRITE, "a")),
        ("CLUSTER", (K.MAINTENANCE,)),
        ("CALL s.backfill(1)", (K.PROCEDURE, "s.backfill")),
        ("DO $$BEGIN COMMIT; END$$", (K.PROCEDURE,)),
        ("DISCARD ALL", (K.SESSION,)),
        ("REFRESH MATERIALIZED VIEW v", (K.OTHER,)),
        ("", (K.OTHER,)),
    ],
)
def test_names_are_read_as_written(text: str, expected: tuple[RefusedKind, str]) -> None:
    assert refused_statement(text) == RefusedStatement(*expected)


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("VACUUM a;", True),
        ("CREATE INDEX CONCURRENTLY i ON a (x);", True),
        ("LOCK TABLE a;", True),
        ("DECLARE c CURSOR WITH HOLD FOR SELECT 1;", True),
        ("SET LOCAL x.y = 1;", True),
        ("SET TRANSACTION READ ONLY;", True),
        ("SET CONSTRAINTS ALL IMMEDIATE;", True),
        ("SAVEPOINT s;", True),
        ("CREATE TABLE a ();", False),
        ("SET search_path TO a;", False),
        ("CALL p();", False),
        ("DO $$BEGIN COMMIT; END$$;", False),
        ("CLUSTER a;", False),
        ("REINDEX TABLE a;", False),
    ],
)
def test_statement_stays_outside_a_transaction_if_it_must(text: str, refused: bool) -> None:
    (statement,) = Script(text).statements
    assert is_refused(statement) is refused
