"""What the rules report about the rollback of a file, one level lower, and what is its task."""

from __future__ import annotations

import pytest

from koonj.checks.check import Checker
from koonj.checks.kept_findings import check_findings
from koonj.checks.levels import Levels
from koonj.checks.measured import Measured
from koonj.migrations.migration import Migration
from koonj.sql.problem import Problem, Severity


def file(body: str, rollback: str, *, wrapped: bool = True) -> Migration:
    begin, commit = ("BEGIN;\n", "COMMIT;\n") if wrapped else ("", "")
    lines = "".join(f"-- {line}\n" for line in f"{begin}{rollback}\n{commit}".splitlines())
    return Migration.from_recorded("001_x.sql", f"BEGIN;\n{body}\nCOMMIT;\n\n-- Rollback:\n{lines}")


def find(body: str, rollback: str, levels: Levels | None = None, *, wrapped: bool = True) -> list[Problem]:
    migration = file(body, rollback, wrapped=wrapped)
    assert migration.problems == ()
    return list(Checker([migration], levels or Levels()).findings(migration))


FOUND = [
    ("DROP INDEX i;", "CREATE INDEX i ON t (a);", "index-not-concurrent"),
    ("ALTER TABLE t ALTER a DROP NOT NULL;", "ALTER TABLE t ALTER a SET NOT NULL;", "not-null-scans"),
    ("ALTER TABLE t DROP CONSTRAINT c;", "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);", "check-scans"),
    ("ALTER TABLE t DROP CONSTRAINT c;", "ALTER TABLE t ADD UNIQUE (a);", "constraint-builds-index"),
    (
        "ALTER TABLE t DROP CONSTRAINT c;",
        "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u;",
        "foreign-key-scans",
    ),
    ("ALTER TABLE t ALTER a TYPE text;", "ALTER TABLE t ALTER a TYPE uuid USING a::uuid;", "type-rewrites"),
    ("ALTER TABLE t DROP a_dropped;", "ALTER TABLE t ADD a_dropped text NOT NULL;", "column-not-null"),
    (
        "ALTER TABLE t DROP a_old;",
        "ALTER TABLE t ADD a_old uuid DEFAULT gen_random_uuid();",
        "column-rewrites",
    ),
    ("CREATE TABLE n (a int);", "DROP TABLE n CASCADE;", ""),
    ("CREATE VIEW v AS SELECT 1;", "DROP VIEW v CASCADE;", "drop-cascade"),
    ("CREATE VIEW v AS SELECT 1;", "DROP TABLE other;", "drop-table"),
    ("CREATE TABLE n (a int);", "DROP TABLE n, other;", "drop-table"),
    ("ALTER TABLE t ADD a int;", "ALTER TABLE t DROP COLUMN other;", "drop-column"),
    ("ALTER TABLE t ADD a int;", "ALTER TABLE t DROP a, DROP other;", "drop-column"),
    ("INSERT INTO t VALUES (1);", "DELETE FROM t;", "whole-table-write"),
    ("INSERT INTO t VALUES (1);", "TRUNCATE t;", "truncate"),
    ("UPDATE t SET a = 1 WHERE b;", "UPDATE t SET a = 2;", "whole-table-write"),
    ("SELECT 1;", "LOCK TABLE t;", "lock-table"),
    ("SELECT 1;", "REFRESH MATERIALIZED VIEW v;", "refresh-not-concurrent"),
    ("SELECT 1;", "ALTER TABLE t SET UNLOGGED;", "table-rewrites"),
    (
        "ALTER TABLE t DROP CONSTRAINT c;",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c;",
        "validate-in-same-transaction",
    ),
    ("SELECT 1;", "ALTER TYPE s ADD VALUE 'a'; SELECT 'a'::s;", "enum-value-used"),
]


@pytest.mark.parametrize(("body", "rollback", "code"), FOUND)
def test_a_rollback_that_blocks_or_loses_more_is_a_note(body: str, rollback: str, code: str) -> None:
    found = find(body, rollback)
    assert [(p.code, p.severity, p.line, p.pattern) for p in found] == [
        (code, Severity.NOTE, 7, None)
    ] * bool(code)
    parsed = file(body, rollback)
    parsed.__dict__["plain_statements"] = ()
    assert check_findings(parsed) == check_findings(file(body, rollback))


@pytest.mark.parametrize(
    ("body", "rollback"),
    [
        ("CREATE TABLE n (a int);", "DROP TABLE n;"),
        ("ALTER TABLE t RENAME TO t_dropped;", "DROP TABLE IF EXISTS t_dropped;"),
        ("ALTER TABLE t ADD COLUMN a int;", "ALTER TABLE t DROP COLUMN a;"),
        ('ALTER TABLE t ADD "A b" int;', 'ALTER TABLE t DROP "A b";'),
        ("ALTER TABLE t RENAME a TO a_dropped;", "ALTER TABLE t RENAME a_dropped TO a;"),
        ("ALTER TABLE t RENAME TO t_dropped;", "ALTER TABLE t_dropped RENAME TO t;"),
        ("CREATE TABLE n (a int);", "TRUNCATE n;\nDELETE FROM n;\nDROP TABLE n;"),
        ("INSERT INTO t VALUES (1);", "DELETE FROM t WHERE a = 1;"),
        ("SELECT make_table('n');", "DROP TABLE n;"),
        (
            "ALTER TABLE t ALTER a SET DEFAULT 1;",
            "SET LOCAL lock_timeout = '1s';\nALTER TABLE t ALTER a DROP DEFAULT;",
        ),
        (
            "ALTER TABLE t ALTER a DROP NOT NULL;",
            "ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID;\nCOMMIT;\nBEGIN;\n"
            "ALTER TABLE t VALIDATE CONSTRAINT c;\nCOMMIT;\nBEGIN;\nALTER TABLE t ALTER a SET NOT NULL;",
        ),
    ],
)
def test_a_rollback_that_only_takes_back_has_no_finding(body: str, rollback: str) -> None:
    assert find(body, rollback) == []


@pytest.mark.parametrize(
    ("rollback", "codes"),
    [
        ("CREATE INDEX CONCURRENTLY i ON t (a);", []),
        ("CREATE INDEX i ON t (a);", ["index-not-concurrent"]),
        ("REINDEX TABLE t;", ["reindex-not-concurrent"]),
        ("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a);", ["index-if-not-exists"]),
    ],
)
def test_a_rollback_without_a_transaction_is_read_too(rollback: str, codes: list[str]) -> None:
    assert [p.code for p in find("DROP INDEX i;", rollback, wrapped=False)] == codes


def test_a_file_without_a_rollback_has_no_finding_in_it() -> None:
    migration = Migration.from_recorded("001_x.sql", "BEGIN;\nCREATE TABLE t (a int);\nCOMMIT;\n")
    assert Checker([migration], Levels()).findings(migration) == ()


def test_an_error_is_a_warning_in_a_rollback_and_does_not_stop_an_apply() -> None:
    levels = Levels({"truncate": Severity.ERROR, "drop-table": None})
    assert [p.severity for p in find("SELECT 1;", "TRUNCATE t;", levels)] == [Severity.WARNING]
    assert find("SELECT 1;", "DROP TABLE t;", levels) == []


def test_a_comment_about_the_whole_file_is_about_its_rollback_too() -> None:
    text = file("SELECT 1;", "TRUNCATE t;").text
    ignored = Migration.from_recorded("001_x.sql", f"-- koonj: ignore truncate: it is a cache\n{text}")
    assert Checker([ignored], Levels()).findings(ignored) == ()


def test_what_was_measured_of_a_rollback_decides() -> None:
    migration = file("ALTER TABLE t ALTER a TYPE text;", "ALTER TABLE t ALTER a TYPE uuid USING a::uuid;")
    checker = Checker([migration], Levels())
    assert checker.findings(migration, measured={7: Measured()}) == ()
    assert len(checker.findings(migration, measured={2: Measured()})) == 1
