"""On a real PostgreSQL, the statements that rules report do what the rules say, and the safe ones do not.

Each is traced as a rehearsal traces it: on a table without rows and on one with rows. So a finding is kept where it was
measured, and left out where it was not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import psycopg
import pytest
from psycopg import AsyncConnection

from koonj.checks.check import Checker
from koonj.checks.kept_findings import check_findings
from koonj.checks.levels import Levels
from koonj.checks.measured import Measured, contradicts
from koonj.migrations.migration import Migration
from koonj.postgres.locks.statistics import forget_counts
from koonj.postgres.locks.trace import LockMode, StatementTrace
from koonj.postgres.locks.tracer import Tracer
from koonj.runner.rehearse.measured import measured
from koonj.runner.rehearse.verdict import Rehearsal, Verdict

ROLLBACK = "\n-- Rollback:\n-- BEGIN;\n-- SELECT 1;\n-- COMMIT;\n"
SCHEMA = """
CREATE TABLE u (id int PRIMARY KEY);
CREATE TABLE t (id int, a int, b varchar(20), c numeric(8, 2));
CREATE INDEX t_id ON t (id);
CREATE TABLE p (a int) PARTITION BY RANGE (a);
CREATE TABLE child (a int);
CREATE TABLE checked (a int, CONSTRAINT bounds CHECK (a IS NOT NULL AND a >= 0 AND a < 10));
CREATE MATERIALIZED VIEW v AS SELECT id FROM u;
"""
ROWS = """
INSERT INTO u SELECT generate_series(1, 200);
INSERT INTO t SELECT i, i, i, i FROM generate_series(1, 200) AS i;
INSERT INTO child SELECT 1 FROM generate_series(1, 200);
INSERT INTO checked SELECT 1 FROM generate_series(1, 200);
"""
WRITES, READS = LockMode.SHARE, LockMode.ACCESS_EXCLUSIVE


class Unsafe(NamedTuple):
    """A statement that a rule reports, and the weakest lock on its table that the rule is about."""

    code: str
    statement: str
    lock: LockMode
    table: str = "t"


UNSAFE = (
    Unsafe("index-not-concurrent", "CREATE INDEX i ON t (a)", WRITES),
    Unsafe(
        "foreign-key-scans", "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u", LockMode.SHARE_ROW_EXCLUSIVE
    ),
    Unsafe("foreign-key-scans", "ALTER TABLE t ADD x int DEFAULT 1 REFERENCES u", READS),
    Unsafe("check-scans", "ALTER TABLE t ADD CHECK (a > 0)", READS),
    Unsafe("check-scans", "ALTER TABLE t ADD x int CHECK (x > 0)", READS),
    Unsafe("not-null-scans", "ALTER TABLE t ALTER a SET NOT NULL", READS),
    Unsafe("constraint-builds-index", "ALTER TABLE t ADD UNIQUE (a)", READS),
    Unsafe("constraint-builds-index", "ALTER TABLE t ADD PRIMARY KEY (id)", READS),
    Unsafe("column-rewrites", "ALTER TABLE t ADD x uuid DEFAULT gen_random_uuid()", READS),
    Unsafe("column-rewrites", "ALTER TABLE t ADD x serial", READS),
    Unsafe("column-rewrites", "ALTER TABLE t ADD x int GENERATED ALWAYS AS IDENTITY", READS),
    Unsafe("column-rewrites", "ALTER TABLE t ADD x int GENERATED ALWAYS AS (a * 2) STORED", READS),
    Unsafe("type-rewrites", "ALTER TABLE t ALTER a TYPE bigint", READS),
    Unsafe(
        "attach-scans", "ALTER TABLE p ATTACH PARTITION child FOR VALUES FROM (0) TO (10)", READS, "child"
    ),
    Unsafe("table-rewrites", "ALTER TABLE t SET UNLOGGED", READS),
    Unsafe("refresh-not-concurrent", "REFRESH MATERIALIZED VIEW v", READS, "v"),
    Unsafe("reindex-not-concurrent", "REINDEX TABLE t", WRITES),
    Unsafe("lock-table", "LOCK TABLE t", READS),
    Unsafe("truncate", "TRUNCATE t", READS),
    Unsafe("drop-table", "DROP TABLE t", READS),
    Unsafe("drop-column", "ALTER TABLE t DROP a", READS),
)
SAFE = (
    "CREATE INDEX i ON ONLY p (a)",
    "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u NOT VALID",
    "ALTER TABLE t ADD x int REFERENCES u",
    "ALTER TABLE t ADD CHECK (a > 0) NOT VALID",
    "ALTER TABLE checked ALTER a SET NOT NULL",
    "ALTER TABLE t ADD x int NOT NULL DEFAULT 1",
    "ALTER TABLE t ADD x timestamptz DEFAULT now()",
    "ALTER TABLE t ADD x text DEFAULT lower('X')",
    "ALTER TABLE t ALTER b TYPE varchar(30)",
    "ALTER TABLE t ALTER b TYPE text",
    "ALTER TABLE t ALTER c TYPE numeric(12, 2)",
    "ALTER TABLE p ATTACH PARTITION checked FOR VALUES FROM (0) TO (10)",
)
VALIDATED = (
    "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES u NOT VALID",
    "ALTER TABLE t VALIDATE CONSTRAINT k",
)


async def trace(dsn: str, statement: str) -> StatementTrace:
    """Return what the statement does, and undo it."""
    async with await AsyncConnection.connect(dsn, options="-c max_parallel_workers_per_gather=0") as conn:
        await conn.set_autocommit(True)
        await conn.execute("SET max_parallel_maintenance_workers = 0")
        await forget_counts(conn)
        tracer = Tracer(conn)
        await tracer.begin()
        await conn.execute("BEGIN")
        await conn.execute(statement)
        found = await tracer.trace_statement(
            StatementTrace(1, 2, statement, in_transaction=True, seconds=0.0)
        )
        await conn.execute("ROLLBACK")
        return found


def effects(found: StatementTrace) -> Measured:
    rehearsal = Rehearsal("001_x.sql", 1, Verdict.VERIFIED, "", "", "", 18, apply=(found,))
    return measured(rehearsal)[2]


@pytest.fixture(params=["empty", "filled"])
def dsn(request: pytest.FixtureRequest, make_database: Callable[[], str]) -> str:
    dsn = make_database()
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(SCHEMA)
        if request.param == "filled":
            conn.execute(ROWS)
    return dsn


@pytest.mark.parametrize("case", UNSAFE, ids=lambda case: case.statement)
async def test_unsafe_statement_is_reported_and_measured(dsn: str, case: Unsafe) -> None:
    migration = Migration.from_recorded("002_x.sql", f"BEGIN;\n{case.statement};\nCOMMIT;\n{ROLLBACK}")
    before = Migration.from_recorded("001_x.sql", f"BEGIN;\n{SCHEMA}COMMIT;\n{ROLLBACK}")
    found = await trace(dsn, case.statement)
    locks = {lock.relation.split(".")[-1]: lock.mode for lock in found.locks}
    assert locks[case.table].rank >= case.lock.rank
    checker = Checker([before, migration], Levels())
    reported = checker.findings(migration, measured={2: effects(found)})
    assert case.code in [problem.code for problem in reported]


@pytest.mark.parametrize("statement", SAFE)
async def test_safe_statement_neither_scans_nor_rewrites_nor_builds(dsn: str, statement: str) -> None:
    done = effects(await trace(dsn, statement))
    table = statement.split()[2] if "ATTACH" not in statement else "checked"
    assert table not in done.scanned | done.rewritten | done.built


async def test_validate_scans_with_a_lock_that_stops_nobody(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(VALIDATED[0])
    found = await trace(dsn, VALIDATED[1])
    assert {lock.mode for lock in found.locks if lock.relation == "public.t"} == {
        LockMode.SHARE_UPDATE_EXCLUSIVE
    }


async def test_what_was_measured_decides(make_database: Callable[[], str]) -> None:
    dsn = make_database()
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("CREATE DOMAIN number AS bigint; CREATE TABLE t (a number)")
    statement = "ALTER TABLE t ALTER a TYPE bigint"
    migration = Migration.from_recorded("001_x.sql", f"BEGIN;\n{statement};\nCOMMIT;\n{ROLLBACK}")
    (finding,) = check_findings(migration)
    assert finding.problem.code == "type-rewrites"
    assert contradicts(finding, {2: effects(await trace(dsn, statement))})
    assert not contradicts(finding, {})
    assert not contradicts(finding, {2: Measured(rewritten=frozenset({"t"}))})


def test_two_statements_in_one_line_count_as_not_measured() -> None:
    twice = tuple(StatementTrace(n, 2, "x", in_transaction=True, seconds=0.0) for n in (1, 2))
    assert measured(Rehearsal("001_x.sql", 1, Verdict.VERIFIED, "", "", "", 18, apply=twice)) == {}
    assert measured(None) == {}


def test_a_rollback_is_measured_too() -> None:
    up, down = (StatementTrace(1, line, "x", in_transaction=True, seconds=0.0) for line in (2, 7))
    found = Rehearsal("001_x.sql", 1, Verdict.VERIFIED, "", "", "", 18, apply=(up,), rollback=(down,))
    assert measured(found) == {2: Measured(), 7: Measured()}
