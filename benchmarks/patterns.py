"""Measure how long an application waits while koonj applies what its patterns write.

    python benchmarks/patterns.py [--rows N] [--server MAJOR] [--only KEY|GROUP]

Each case of the patterns' tests that has reads or writes is applied to tables of 300,000 rows while two
connections read and two write. Printed are the longest read and the longest write in milliseconds, and how
many times that is the longest of the same load with nothing running, just before. More than 200 ms is marked,
unless the pattern says that it blocks; it is measured up to three times, and the best counts: other programs
of the machine are in the way sometimes, a lock each time. At the end the same is shown for what the patterns
avoid.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

import shared  # noqa: F401
from koonj.config import Target
from koonj.migrations.new import Draft, create
from koonj.patterns.pattern import Pattern, load, render
from koonj.postgres.connector import Connector
from koonj.postgres.embedded.binaries import choose
from koonj.postgres.embedded.temporary_server import TemporaryServer
from support.application_load import application_load
from support.pattern_cases.all_cases import CASES
from support.pattern_cases.case import TABLE, Case, compose, plain
from support.project import Project, run_finished

GOAL = 0.2
"""Seconds that a statement of the application may wait."""
QUIET = 1.5
"""Seconds of the load with nothing running."""
TRIES = 3
EACH = 2
"""Readers, and writers."""
BLOCKING = {"add_exclusion_constraint", "replace_enum"}
"""Patterns whose text says that they block."""
NAMES = plain("bench")
SETTINGS = {"shared_buffers": "128MB", "autovacuum": "on"}
REFERENCED = (
    "CREATE TABLE {other} (id int PRIMARY KEY); INSERT INTO {other} SELECT generate_series(1, {rows});"
)


@dataclass(frozen=True, slots=True)
class Work:
    """Files to apply, and what is there before."""

    label: str
    setup: str
    before: tuple[Draft, ...]
    files: tuple[Draft, ...]
    load: Mapping[str, str]
    """What the application does: its statements, by `read` and `write`."""
    check: str = "SELECT true"
    promised: bool = True
    """Whether nobody may wait."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds of the longest statement of each kind, with nothing running and during the apply."""

    quiet: Mapping[str, float]
    busy: Mapping[str, float]

    @property
    def longest(self) -> float:
        return max(self.busy.values())

    def words(self, kind: str) -> str:
        if kind not in self.busy:
            return " " * 27
        return f"{kind} {self.busy[kind] * 1000:7.0f} ms {self.busy[kind] / self.quiet[kind]:6.1f} x"


@dataclass
class Bench:
    """A server with a filled database for each setup, of which every measurement gets a copy."""

    server: TemporaryServer
    rows: int
    filled: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def copy(self, setup: str) -> Iterator[str]:
        """Yield the dsn of a new database that a setup has filled; drop it afterwards."""
        if setup not in self.filled:
            self.filled[setup] = name = f"filled_{len(self.filled)}"
            self._execute("postgres", f"CREATE DATABASE {name}")
            self._execute(name, self.composed(setup))
            self._execute(name, "VACUUM ANALYZE")
        self._execute("postgres", f"CREATE DATABASE copy TEMPLATE {self.filled[setup]}")
        try:
            yield self.server.dsn("copy")
        finally:
            self._execute("postgres", "DROP DATABASE copy WITH (FORCE)")
            for role in (NAMES.new, NAMES.new2):
                self._execute("postgres", f"DROP ROLE IF EXISTS {role}")

    def composed(self, text: str) -> str:
        with psycopg.connect(self.server.dsn()) as connection:
            return compose(text, NAMES, connection, self.rows)

    def _execute(self, database: str, text: str) -> None:
        with psycopg.connect(self.server.dsn(database), autocommit=True) as connection:
            connection.execute(sql.SQL(text))

    def measure(self, work: Work) -> Waits:
        """Apply the files in a new database, under load; return how long the application waited."""
        statements = {kind: self.composed(text) for kind, text in work.load.items()}
        with self.copy(work.setup) as dsn, tempfile.TemporaryDirectory(prefix="koonj-benchmark-") as folder:
            asyncio.run(applied(Path(folder), dsn, work.before))
            with loaded(dsn, statements) as quiet:
                time.sleep(QUIET)
            with loaded(dsn, statements) as busy:
                asyncio.run(applied(Path(folder), dsn, work.files))
            with psycopg.connect(dsn) as connection:
                cursor = connection.execute(sql.SQL(self.composed(work.check)))
                while cursor.nextset():
                    continue
                if cursor.fetchone() != (True,):
                    sys.exit(f"{work.label}: the check after the apply fails")
            return Waits(quiet, busy)

    def best(self, work: Work) -> Waits:
        """Measure again while the application waits too long; return the best."""
        found = self.measure(work)
        for _ in range(TRIES - 1):
            if found.longest > GOAL and work.promised:
                found = min(found, self.measure(work), key=lambda waits: waits.longest)
        return found


@contextmanager
def loaded(dsn: str, statements: Mapping[str, str]) -> Iterator[dict[str, float]]:
    """Run the statements all the time; yield what holds the longest seconds of each kind afterwards."""
    longest: dict[str, float] = {}
    with application_load(dsn, [text for text in statements.values() for _ in range(EACH)]) as traffic:
        yield longest
    if traffic.errors:
        sys.exit(f"The application got an error: {traffic.errors[0]}")
    longest |= {kind: traffic.longest[text] for kind, text in statements.items()}


async def applied(folder: Path, dsn: str, drafts: Sequence[Draft]) -> None:
    """Add the files to the folder, and apply all."""
    if not drafts:
        return
    create(folder, drafts)
    async with Connector() as connector:
        end = run_finished(await Project(folder, Target("local", dsn), connector).apply())
    if end.failure is not None or end.not_run:
        sys.exit(f"koonj apply: {end.failure or end.message}")


def of_case(case: Case, patterns: Mapping[str, Pattern]) -> Work:
    return Work(
        case.label,
        case.setup,
        tuple(draft for key, values in case.earlier(NAMES) for draft in render(patterns[key], values)),
        render(patterns[case.key], case.typed_values(NAMES)),
        {kind: text for kind, text in (("read", case.read), ("write", case.write)) if text is not None},
        case.check,
        case.key not in BLOCKING,
    )


def avoided(bench: Bench) -> Iterator[Work]:
    """Yield the short way of several changes, which the patterns do not take."""
    ways = {
        "ADD COLUMN with a volatile default": "ALTER TABLE {table} ADD {new} uuid DEFAULT gen_random_uuid()",
        "UPDATE of all rows": "UPDATE {table} SET n = n + 1",
        "CREATE INDEX": "CREATE INDEX ON {table} ({column})",
        "FOREIGN KEY at once": "ALTER TABLE {table} ADD FOREIGN KEY (n) REFERENCES {other}",
        "ALTER COLUMN TYPE": "ALTER TABLE {table} ALTER n TYPE bigint",
    }
    load = {"read": Case.read, "write": Case.write}
    for label, way in ways.items():
        text = f"BEGIN;\n{bench.composed(way)};\nCOMMIT;\n"
        traffic = {kind: text for kind, text in load.items() if text is not None}
        yield Work(label, TABLE + REFERENCED, (), (Draft("short_way", text),), traffic, promised=False)


def show(work: Work, waits: Waits) -> None:
    verdict = ""
    if waits.longest > GOAL:
        verdict = "   MORE THAN 200 ms" if work.promised else "   blocks"
    print(f"  {work.label:40} {waits.words('read')}   {waits.words('write')}{verdict}", flush=True)


def options() -> Namespace:
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--server", type=int, metavar="MAJOR", help="default: the first that koonj finds")
    parser.add_argument("--only", metavar="KEY|GROUP", help="the cases of this pattern, or of this group")
    return parser.parse_args()


def main() -> None:
    chosen = options()
    patterns = {pattern.key: pattern for pattern in load()[0]}
    cases = [
        case
        for case in CASES
        if (case.read or case.write) and chosen.only in {None, case.key, patterns[case.key].group}
    ]
    if not cases:
        sys.exit(f"No case of {chosen.only} reads or writes.")
    binaries = choose(major=chosen.server)
    print(f"{binaries.description}; {chosen.rows} rows; the goal is {GOAL * 1000:.0f} ms at the most")
    with TemporaryServer(binaries, settings=SETTINGS) as server:
        bench = Bench(server, chosen.rows)
        for work in (of_case(case, patterns) for case in cases):
            show(work, bench.best(work))
        print("What the patterns avoid:")
        for work in avoided(bench):
            show(work, bench.best(work))


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
