"""Test drift of each kind of object, changed directly on a target."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
import pytest

from koonj.config import Target
from koonj.postgres.connector import Connector
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.runner.drift import DriftReport
from support.drift import differences_of, drift_of, write
from support.project import Project, run_finished


@dataclass(frozen=True)
class Case:
    migration: str
    """SQL of the migration; empty: none."""
    direct_change: str
    """SQL that is run directly on the target."""
    differences: set[str]
    """Expected differences, as `differences_of` returns them."""


CASES = {
    "a table": Case("", "CREATE TABLE a1 (id int PRIMARY KEY)", {"not removed table public.a1"}),
    "a dropped table": Case(
        "CREATE TABLE a2 (id int PRIMARY KEY)", "DROP TABLE a2", {"missing table public.a2"}
    ),
    "a schema and what is in it": Case(
        "",
        "CREATE SCHEMA a3; CREATE TABLE a3.t (id int)",
        {"not removed schema a3", "not removed table a3.t"},
    ),
    "an unlogged table": Case(
        "CREATE TABLE a4 (id int)", "ALTER TABLE a4 SET UNLOGGED", {"changed table public.a4"}
    ),
    "a partition": Case(
        "CREATE TABLE a5 (id int) PARTITION BY LIST (id)",
        "CREATE TABLE a5_1 PARTITION OF a5 FOR VALUES IN (1)",
        {"not removed table public.a5_1"},
    ),
    "a column": Case(
        "CREATE TABLE b1 (id int)", "ALTER TABLE b1 ADD x text", {"not removed column public.b1.x"}
    ),
    "a dropped column": Case(
        "CREATE TABLE b2 (id int, x text)", "ALTER TABLE b2 DROP x", {"missing column public.b2.x"}
    ),
    "a type": Case(
        "CREATE TABLE b3 (x varchar(10))",
        "ALTER TABLE b3 ALTER x TYPE varchar(20)",
        {"changed column public.b3.x"},
    ),
    "a default": Case(
        "CREATE TABLE b4 (x int DEFAULT 1)",
        "ALTER TABLE b4 ALTER x SET DEFAULT 2",
        {"changed column public.b4.x"},
    ),
    "NOT NULL": Case(
        "CREATE TABLE b5 (x int)",
        "ALTER TABLE b5 ALTER x SET NOT NULL",
        {"changed column public.b5.x"},
    ),
    "the order of columns": Case(
        "CREATE TABLE b6 (x int, y int, z int)",
        "ALTER TABLE b6 DROP x; ALTER TABLE b6 ADD x int",
        {"moved column public.b6.x"},
    ),
    "a generated column": Case(
        "CREATE TABLE b7 (x int, y int GENERATED ALWAYS AS (x * 2) STORED)",
        "ALTER TABLE b7 ALTER y DROP EXPRESSION",
        {"changed column public.b7.y"},
    ),
    "an index": Case(
        "CREATE TABLE c1 (x int)", "CREATE INDEX c1_x ON c1 (x)", {"not removed index public.c1_x"}
    ),
    "a dropped index": Case(
        "CREATE TABLE c2 (x int); CREATE INDEX c2_x ON c2 (x)",
        "DROP INDEX c2_x",
        {"missing index public.c2_x"},
    ),
    "a different index with the same name": Case(
        "CREATE TABLE c3 (x int, y int); CREATE INDEX c3_x ON c3 (x)",
        "DROP INDEX c3_x; CREATE INDEX c3_x ON c3 (y)",
        {"changed index public.c3_x"},
    ),
    "a check": Case(
        "CREATE TABLE c4 (x int CONSTRAINT c4_x CHECK (x > 0))",
        "ALTER TABLE c4 DROP CONSTRAINT c4_x; ALTER TABLE c4 ADD CONSTRAINT c4_x CHECK (x > 1)",
        {"changed constraint public.c4.c4_x"},
    ),
    "a foreign key": Case(
        "CREATE TABLE c5 (x int PRIMARY KEY); CREATE TABLE c5_of (x int CONSTRAINT c5_fk REFERENCES c5)",
        "ALTER TABLE c5_of DROP CONSTRAINT c5_fk",
        {"missing constraint public.c5_of.c5_fk"},
    ),
    "a view": Case(
        "CREATE VIEW d1 AS SELECT 1 AS x",
        "CREATE OR REPLACE VIEW d1 AS SELECT 2 AS x",
        {"changed view public.d1"},
    ),
    "a materialized view": Case(
        "CREATE MATERIALIZED VIEW d2 AS SELECT 1 AS x",
        "DROP MATERIALIZED VIEW d2",
        {"missing materialized view public.d2"},
    ),
    "a function": Case(
        "CREATE FUNCTION e1() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION e1() RETURNS int LANGUAGE sql AS 'SELECT 2'",
        {"changed function public.e1()"},
    ),
    "a procedure": Case(
        "",
        "CREATE PROCEDURE e2() LANGUAGE sql AS 'SELECT 1'",
        {"not removed procedure public.e2()"},
    ),
    "a trigger": Case(
        "CREATE TABLE f1 (x int); CREATE FUNCTION f1_f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        "CREATE TRIGGER f1_t BEFORE INSERT ON f1 FOR EACH ROW EXECUTE FUNCTION f1_f()",
        "ALTER TABLE f1 DISABLE TRIGGER f1_t",
        {"changed trigger public.f1.f1_t"},
    ),
    "a rule": Case(
        "CREATE TABLE f2 (x int)",
        "CREATE RULE f2_r AS ON DELETE TO f2 DO INSTEAD NOTHING",
        {"not removed rule public.f2.f2_r"},
    ),
    "a policy": Case(
        "CREATE TABLE f3 (x int); CREATE POLICY f3_p ON f3 USING (x > 0)",
        "DROP POLICY f3_p ON f3",
        {"missing policy public.f3.f3_p"},
    ),
    "row security": Case(
        "CREATE TABLE f4 (x int)",
        "ALTER TABLE f4 ENABLE ROW LEVEL SECURITY",
        {"changed table public.f4"},
    ),
    "a grant": Case(
        "CREATE TABLE g1 (x int)",
        "GRANT SELECT ON g1 TO pg_monitor",
        {"not removed grant on table public.g1 to pg_monitor"},
    ),
    "a lost grant": Case(
        "CREATE TABLE g2 (x int); GRANT SELECT ON g2 TO PUBLIC",
        "REVOKE SELECT ON g2 FROM PUBLIC",
        {"missing grant on table public.g2 to PUBLIC"},
    ),
    "default privileges": Case(
        "",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA h1 GRANT SELECT ON TABLES TO pg_monitor",
        {"not removed default privileges for role postgres in schema h1 on tables to pg_monitor"},
    ),
    "a comment": Case(
        "CREATE TABLE g4 (x int); COMMENT ON COLUMN g4.x IS 'old'",
        "COMMENT ON COLUMN g4.x IS 'new'",
        {"changed comment on column public.g4.x"},
    ),
    "an owner": Case(
        "CREATE TABLE g5 (x int)",
        "ALTER TABLE g5 OWNER TO pg_monitor",
        {"changed owner of table public.g5"},
    ),
    "a value of an enum": Case(
        "CREATE TYPE i1 AS ENUM ('a', 'b')", "ALTER TYPE i1 ADD VALUE 'c'", {"changed enum public.i1"}
    ),
    "a domain": Case(
        "CREATE DOMAIN i2 AS int", "ALTER DOMAIN i2 SET DEFAULT 3", {"changed domain public.i2"}
    ),
    "a composite type": Case("", "CREATE TYPE i3 AS (x int)", {"not removed composite type public.i3"}),
    "an option of a sequence": Case(
        "CREATE SEQUENCE j1", "ALTER SEQUENCE j1 INCREMENT BY 10", {"changed sequence public.j1"}
    ),
    "a storage parameter": Case(
        "CREATE TABLE k1 (x int)",
        "ALTER TABLE k1 SET (fillfactor = 70)",
        {"not removed storage parameter public.k1.fillfactor"},
    ),
    "statistics": Case(
        "CREATE TABLE k2 (x int, y int)",
        "CREATE STATISTICS k2_s ON x, y FROM k2",
        {"not removed statistics public.k2_s"},
    ),
    "a publication": Case("", "CREATE PUBLICATION k3", {"not removed publication k3"}),
    "an event trigger": Case(
        "CREATE FUNCTION k4() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "CREATE EVENT TRIGGER k4 ON sql_drop EXECUTE FUNCTION k4(); ALTER EVENT TRIGGER k4 DISABLE",
        {"not removed event trigger k4"},
    ),
    "an extension": Case("", "CREATE EXTENSION pg_trgm WITH SCHEMA h1", {"not removed extension pg_trgm"}),
    "changes that are not drift": Case(
        "CREATE TABLE l1 (x int); CREATE INDEX l1_x ON l1 (x); GRANT SELECT ON l1 TO pg_monitor",
        "REVOKE SELECT ON l1 FROM pg_monitor; GRANT SELECT ON l1 TO pg_monitor; REINDEX INDEX l1_x;"
        "INSERT INTO l1 VALUES (1); ANALYZE l1; CREATE TEMP TABLE l2 (x int)",
        set(),
    ),
}


@pytest.fixture(scope="module")
def drift_report(
    server: TemporaryServer, _databases: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> DriftReport:
    """Drift of all cases in one database, so that one replay is enough."""
    folder, target = tmp_path_factory.mktemp("cases"), Target("local", _databases())

    async def find() -> DriftReport:
        async with Connector() as connector:
            project = Project(folder, target, connector)
            migration = "\n".join(f"{case.migration};" for case in CASES.values() if case.migration)
            write(project, 1, f"BEGIN;\nCREATE SCHEMA h1;\n{migration}\nCOMMIT;")
            assert run_finished(await project.apply()).result == "done"
            with psycopg.connect(target.dsn, autocommit=True) as conn:
                for case in CASES.values():
                    conn.execute(case.direct_change.encode())
            return await drift_of(project)

    return asyncio.run(find())


@pytest.mark.parametrize("case", CASES)
def test_drift_is_found_in_each_kind_of_object(drift_report: DriftReport, case: str) -> None:
    assert CASES[case].differences <= differences_of(drift_report)


def test_no_other_drift_is_found(drift_report: DriftReport) -> None:
    assert differences_of(drift_report) == set[str]().union(*(case.differences for case in CASES.values()))
    assert drift_report.notes == ()


def test_differences_contain_both_definitions(drift_report: DriftReport) -> None:
    (view,) = [d for d in drift_report.differences if d.identity == "public.d1"]
    assert view.expected is not None
    assert view.actual is not None
    assert ("SELECT 1" in view.expected, "SELECT 2" in view.actual) == (True, True)
    assert all(
        (d.expected is None) != (d.actual is None) for d in drift_report.differences if d.what in ONE_SIDED
    )


ONE_SIDED = ("missing", "not removed")
