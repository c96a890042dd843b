"""Which migrations need no made-up rows, because they only create and drop what is new."""

from __future__ import annotations

import pytest

from koonj.runner.rehearse.harmless import only_creates
from koonj.sql.script import Script

NEW = "CREATE TABLE t (id int);"
OLD = "DROP TABLE t;"


@pytest.mark.parametrize(
    ("body", "rollback"),
    [
        (NEW, OLD),
        (NEW, ""),
        (f"BEGIN; {NEW} COMMIT;", f"BEGIN; {OLD} COMMIT;"),
        (NEW, "DROP TABLE IF EXISTS public.t;"),
        (
            f"{NEW} COMMENT ON TABLE t IS 'x'; GRANT SELECT ON t TO app;",
            f"REVOKE SELECT ON t FROM app; {OLD}",
        ),
        ("SET lock_timeout = '1s'; CREATE INDEX i ON old (id);", "DROP INDEX i;"),
        ("CREATE INDEX IF NOT EXISTS i ON old (id);", "DROP INDEX IF EXISTS i;"),
        (NEW, f"DROP INDEX of_old; {OLD}"),
        ("CREATE VIEW v AS TABLE old;", "DROP VIEW v;"),
        ("CREATE TYPE mood AS ENUM ('sad');", "DROP TYPE mood;"),
        ("CREATE SEQUENCE ids;", "DROP SEQUENCE ids;"),
    ],
)
def test_creating_and_dropping_what_is_new_touches_no_rows(body: str, rollback: str) -> None:
    assert only_creates(Script(body).statements, Script(rollback).statements)


@pytest.mark.parametrize(
    ("body", "rollback"),
    [
        (NEW, "DROP TABLE old;"),
        (NEW, "DROP TABLE t, old;"),
        (NEW, "DROP TABLE t CASCADE;"),
        (NEW, "DROP VIEW v CASCADE;"),
        (NEW, "DROP SEQUENCE t;"),
        (NEW, "TRUNCATE t;"),
        (NEW, f"DELETE FROM old; {OLD}"),
        ("CREATE TABLE IF NOT EXISTS t (id int);", OLD),
        ("CREATE TABLE t AS SELECT 1;", OLD),
        ("CREATE TABLE t AS WITH gone AS (DELETE FROM old RETURNING id) TABLE gone;", OLD),
        ("CREATE VIEW v AS SELECT 1;", "DROP VIEW v;"),
        ("CREATE SCHEMA s;", "DROP SCHEMA s;"),
        ("CREATE TYPE mood AS ENUM ('sad');", "DROP TYPE other;"),
        (f"{NEW} INSERT INTO t VALUES (1);", OLD),
        (f"{NEW} ALTER TABLE old DROP id;", OLD),
        (f"{NEW} DROP TABLE old;", OLD),
        ("DROP TABLE t;", "DROP TABLE t;"),
    ],
)
def test_everything_else_can_touch_rows(body: str, rollback: str) -> None:
    assert not only_creates(Script(body).statements, Script(rollback).statements)
