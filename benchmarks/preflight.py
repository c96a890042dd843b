"""Measure what it costs to ask the target's rows for a plan, beside the same plan without.

    python benchmarks/preflight.py [--rows N] [ROUNDS]        default: 200000 rows, 5 rounds

One migration demands a dozen things of a table whose rows break none of them: each question reads all rows.
`koonj apply --plan` runs with `--preflight off`, `quick` and `exact` in turns. Printed are the time, and the
CPU time of koonj's own process, for which other programs of the machine count little; the best of all rounds.
The time of the statements themselves is what the server needs anyway.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path

import psycopg

from shared.programs import Site, seconds_of
from shared.site import bench_server, new_database

MODES = ("off", "quick", "exact")
GOAL = 1.5
"""The most times the CPU of a plan without questions that koonj's own process may take for a quick plan."""
TABLES = """\
CREATE TABLE owners (id int PRIMARY KEY);
CREATE TABLE documents (
    id int PRIMARY KEY, owner_id int, code text, price numeric, state text, made timestamptz, span int4range
);
-- Rollback:
-- DROP TABLE documents;
-- DROP TABLE owners;
"""
DEMANDS = """\
BEGIN;
ALTER TABLE documents ALTER owner_id SET NOT NULL, ALTER code SET NOT NULL, ALTER made SET NOT NULL;
ALTER TABLE documents ADD CONSTRAINT c1 CHECK (price >= 0), ADD CONSTRAINT c2 CHECK (length(code) > 3);
ALTER TABLE documents ADD CONSTRAINT c3 CHECK (made > '2000-01-01');
ALTER TABLE documents ADD CONSTRAINT k UNIQUE (code);
ALTER TABLE documents ADD CONSTRAINT f FOREIGN KEY (owner_id) REFERENCES owners;
ALTER TABLE documents ADD CONSTRAINT x EXCLUDE USING gist (span WITH &&);
CREATE UNIQUE INDEX u ON documents (lower(code));
COMMIT;
-- Rollback:
-- BEGIN;
-- DROP INDEX u;
-- ALTER TABLE documents DROP CONSTRAINT x, DROP CONSTRAINT f, DROP CONSTRAINT k;
-- ALTER TABLE documents DROP CONSTRAINT c3, DROP CONSTRAINT c2, DROP CONSTRAINT c1;
-- ALTER TABLE documents ALTER made DROP NOT NULL, ALTER code DROP NOT NULL, ALTER owner_id DROP NOT NULL;
-- COMMIT;
"""
ROWS = """
INSERT INTO owners SELECT generate_series(1, 1000);
INSERT INTO documents SELECT n, 1 + n %% 1000, 'code ' || n, n, 'new', now(), int4range(n, n + 1)
FROM generate_series(1, %(rows)s) AS n;
ANALYZE;
"""


def _koonj(site: Site, *words: str) -> list[str]:
    where = ("--migrations", str(site.folder), "--dsn", site.keywords)
    return [sys.executable, "-m", "koonj", *words, *where]


def _plan(site: Site, mode: str) -> str:
    words = _koonj(site, "apply", "--plan", "--preflight", mode)
    environment = {**site.environment(), "KOONJ_REHEARSE": "1"}
    return subprocess.run(
        words, cwd=site.folder, env=environment, capture_output=True, encoding="utf-8", check=True
    ).stdout


def _must_ask(site: Site) -> None:
    """End the benchmark if a plan asks nothing, or something fails."""
    plan = _plan(site, "exact")
    told = [line.strip() for line in plan.splitlines() if "the target's rows pass" in line]
    if not told:
        sys.exit(f"The plan asks nothing:\n{plan}")
    print(f"  {told[0]}")


def _measure(site: Site, mode: str) -> tuple[float, float]:
    """Return the seconds and the CPU seconds of one plan."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    _plan(site, mode)
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Run the benchmark."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("rounds", nargs="?", type=int, default=5)
    parser.add_argument("--rows", type=int, default=200_000)
    given = parser.parse_args()
    with bench_server() as server, tempfile.TemporaryDirectory(prefix="koonj-benchmark-") as name:
        site = new_database(server, Path(name))
        (site.folder / "001_tables.sql").write_text(TABLES, encoding="utf-8")
        seconds_of(site, _koonj(site, "apply", "--yes", "--override", "a benchmark"))
        (site.folder / "002_demands.sql").write_text(DEMANDS, encoding="utf-8")
        with psycopg.connect(site.url, autocommit=True) as connection:
            connection.execute((ROWS % {"rows": given.rows}).encode())
        seconds_of(site, [sys.executable, "-m", "koonj", "trust", "--migrations", str(site.folder)])
        seconds_of(site, _koonj(site, "rehearse"))  # the plans find its verdicts
        _must_ask(site)
        best: dict[str, tuple[float, float]] = {}
        for _ in range(given.rounds):
            for mode in MODES:
                found = _measure(site, mode)
                best[mode] = min(best.get(mode, found), found, key=lambda one: one[1])
        with psycopg.connect(site.url, autocommit=True) as connection:
            statements = _statements(connection)
    _report(best, statements, given.rows)


def _statements(connection: psycopg.Connection) -> float:
    """Return the seconds of the statements themselves, which are rolled back."""
    with connection.transaction(force_rollback=True):
        started = connection.execute("SELECT clock_timestamp()").fetchone()
        for statement in DEMANDS.split("COMMIT;", maxsplit=1)[0].removeprefix("BEGIN;").split(";\n"):
            if statement.strip():
                connection.execute(statement.encode())
        ended = connection.execute("SELECT clock_timestamp()").fetchone()
    assert started is not None
    assert ended is not None
    return float((ended[0] - started[0]).total_seconds())


def _report(best: dict[str, tuple[float, float]], statements: float, rows: int) -> None:
    print(f"  a plan with these demands of {rows:,} rows that pass")
    off = best["off"][1]
    for mode, (seconds, cpu) in best.items():
        ratio = cpu / off
        print(f"    {mode:8}{seconds:7.2f} s   {cpu:5.2f} s CPU of koonj, {ratio:.2f} x the plan without")
    print(f"    the statements themselves: {statements:.2f} s")
    verdict = "met" if best["quick"][1] <= off * GOAL else "NOT met"
    print(f"    goal: quick {GOAL:g} x the CPU of off: {verdict}")


if __name__ == "__main__":
    main()
