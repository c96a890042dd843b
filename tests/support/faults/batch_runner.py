"""Interrupt `koonj apply --batch`: all of its migrations are applied then, or none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg

from support.faults import invariants
from support.faults.fault_runner import FaultRunner, Outcome
from support.fork_server import Ended

NUMBERS = range(1, 5)
NAMES = [f"{n:03d}_b{n}.sql" for n in NUMBERS]
NOTHING, ALL = frozenset[int](), frozenset(NUMBERS)
_UNKNOWN = "Unknown."
_TRIES = 3


class BatchFaultRunner(FaultRunner):
    """Four migrations of several statements, in one flight."""

    words = ("apply", "--batch", "--yes", "--json")
    first = ""
    """What comes first in the first migration."""

    def _write(self, folder: Path) -> None:
        for n, name in zip(NUMBERS, NAMES, strict=True):
            made = "CREATE TABLE counted (n int);\n" if n == 1 else ""
            text = f"{made}CREATE TABLE b{n} (id int);\nINSERT INTO counted VALUES ({n});\n"
            (folder / name).write_text(f"BEGIN;\n{self.first if n == 1 else ''}{text}COMMIT;\n")

    def _is_complete(self, connection: psycopg.Connection) -> bool:
        return _there(connection) == ALL

    def _during_run(self, dsn: str) -> Iterator[str]:
        states = {m["name"]: m["state"] for m in self._status(dsn)["migrations"]}
        if len({state == "applied" for state in states.values()}) != 1:
            yield f"6: during the batch, status says {states}"

    def _check(self, dsn: str, runs: Sequence[Ended], outcome: Outcome) -> None:
        found = outcome.violations
        found += self._sessions_end(dsn)
        with psycopg.connect(dsn, autocommit=True) as connection:
            there = _there(connection)
            found += self._is_whole(dsn, connection, there)
            for ended in runs:
                found += _words(ended, there)
            completions = []
            for _ in range(_TRIES):
                completions.append(self._koonj(self._runner, dsn, *self.words))
                if completions[-1].code == 0:
                    break
            else:
                outcome.decisions.append("batch")
            if (there := _there(connection)) != ALL:
                found.append(f"2: at the end, {sorted(there)} are there")
            found += self._is_whole(dsn, connection, there)
            found += invariants.no_secret(connection, *runs, *completions)

    def _is_whole(self, dsn: str, connection: psycopg.Connection, there: frozenset[int]) -> Iterator[str]:
        """Invariants 1, 2 and 6: table, rows, history and status agree, for all migrations alike."""
        if there not in (NOTHING, ALL):
            yield f"1: only {sorted(there)} of the batch are there"
        names = [NAMES[n - 1] for n in sorted(there)]
        done = [
            name for name, entry in invariants.read_recorded(connection).items() if entry.outcome == "done"
        ]
        if sorted(done) != names:
            yield f"1: the history counts {done}, and {names} are there"
        applied = [m["name"] for m in self._status(dsn)["migrations"] if m["state"] == "applied"]
        if applied != names:
            yield f"6: status says that {applied} are applied, and {names} are there"
        if there:
            rows = connection.execute("SELECT n FROM counted ORDER BY n").fetchall()
            if rows != [(n,) for n in NUMBERS]:
                yield f"2: the rows are {rows}"


class SteppedBatchFaultRunner(BatchFaultRunner):
    """The same with a constraint that can be deferred, so that koonj sends one message at a time."""

    first = "CREATE TABLE late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);\n"


def _there(connection: psycopg.Connection) -> frozenset[int]:
    rows = connection.execute(
        "SELECT substr(relname, 2)::int FROM pg_class WHERE relname ~ '^b[0-9]$' AND relkind = 'r'"
    )
    return frozenset(n for (n,) in rows.fetchall())


def _words(ended: Ended, there: frozenset[int]) -> Iterator[str]:
    """Invariants 5 and 6: what a run says is true."""
    if ended.code == invariants.DEFECT or "Traceback" in ended.err:
        yield f"6: the run failed with a defect: {ended.err[-500:]}"
    events = ended.documents
    finished = [event["name"] for event in events if event.get("event") == "migration_finished"]
    if finished and there != ALL:
        yield f"5: the run says that {finished} are applied, and {sorted(there)} are there"
    last = events[-1] if events and events[-1].get("event") == "run_finished" else None
    if last is None:
        return
    if last["result"] == "done" and last["committed"] and there != ALL:
        yield f"5: the run says done, and {sorted(there)} are there"
    failure = last["failure"] or {"name": "", "target_state": _UNKNOWN}
    if failure["name"] and not failure["target_state"].startswith(_UNKNOWN) and there:
        yield f"5: the run says {failure['target_state']!r}, and {sorted(there)} are there"
    if len(ended.out) and last["result"] == "done" and last["failure"]:
        yield "6: done, with a failure"
