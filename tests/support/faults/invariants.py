"""What must be true after every interruption. Each function returns sentences about what is not.

The numbers are those in docs/reliability.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from support.faults.mixed_folder import EFFECTS, MIXED, NAMES, Truth
from support.fork_server import Ended

SECRET = "planted-secret-7f3a"
"""A password in the environment of every koonj. It must be in no output and in no table."""
DEFECT = 70
"""Exit code of an exception that nobody caught."""
UNSURE = re.compile(
    r"unknown|in doubt|at least|might|can have|may have|not recorded|could not", re.IGNORECASE
)
"""Words with which koonj says that it does not know."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The newest history entry of a migration."""

    outcome: str
    done: int
    total: int


def read_recorded(connection: psycopg.Connection) -> dict[str, Recorded]:
    """Return the newest entry that is not a decision, by file name."""
    exists = connection.execute("SELECT to_regclass('koonj.history') IS NOT NULL").fetchone()
    if exists is None or not exists[0]:
        return {}
    rows = connection.execute(
        "SELECT DISTINCT ON (name) name, outcome, statements_done, statements_total FROM koonj.history "
        "WHERE action = 'apply' ORDER BY name, id DESC"
    ).fetchall()
    return {name: Recorded(outcome, done, total) for name, outcome, done, total in rows}


def counted_is_there(truth: Truth, recorded: dict[str, Recorded], status: dict[str, Any]) -> Iterator[str]:
    """Invariant 1: what is counted is there; what is not is not there, or `koonj status` says so."""
    for name in NAMES:
        entry, seen = recorded.get(name), truth.of(name)
        if name != MIXED:
            is_done = entry is not None and entry.outcome == "done"
            if (seen[0] == "done") is not is_done:
                yield f"1: {name} is {seen[0]}, and the history says {entry}"
            continue
        done = 0 if entry is None else entry.done
        if any(each != "done" for each in seen[:done]):
            yield f"1: {done} statements are counted, and in the database are {seen}"
        for index, each in enumerate(seen[done:], start=done + 1):
            if each != "not" and not _is_told(status, each, index, done + 1):
                yield f"1: statement {index} ({EFFECTS[index - 1].kind}) is {each}, not counted, not in doubt"


def _is_told(status: dict[str, Any], seen: str, index: int, first: int) -> bool:
    """Return whether status says that a statement that is not counted is in doubt, or what it left.

    `first`: number of the first statement that is not counted.
    """
    if not _in_one_step(index, first):
        return False
    if seen == "half" and status.get("leftovers"):
        return True
    return any(each["state"] == "interrupted" or UNSURE.search(each["note"]) for each in status["migrations"])


def evidence_is_right(truth: Truth, status: dict[str, Any]) -> Iterator[str]:
    """Invariant 1: what `koonj status` found out about an interrupted statement is true."""
    for migration in status["migrations"]:
        interruption, seen = migration.get("interruption"), truth.of(migration["name"])
        if interruption is None or migration["name"] != MIXED:
            continue
        known, evidence = interruption["known_done"], interruption["evidence"]
        if known is not None and "done" in seen[known:]:
            yield f"1: status knows that {known} statements are done, and in the database are {seen}"
        if known is not None and set(seen[:known]) - {"done"}:
            yield f"1: status knows that {known} statements are done, and in the database are {seen}"
        if evidence is None:
            continue
        effect = seen[interruption["statement"] - 1]
        # A rebuild that has left its old index is done: only the leftover is to be dropped.
        is_right = evidence["effect"] in {"unknown", effect}
        if not is_right and not (effect == "done" and evidence["done_after_repair"]):
            yield f"1: the evidence says {evidence}, and in the database are {seen}"


def _in_one_step(index: int, first: int) -> bool:
    """Return whether a statement is in the same step as the first one that is not counted."""
    return index == first or {EFFECTS[index - 1].kind, EFFECTS[first - 1].kind} == {"B"}


def exactly_once(truth: Truth) -> Iterator[str]:
    """Invariants 2 and 3, after the run was completed: every effect once, and nothing left over."""
    for name in NAMES:
        for index, each in enumerate(truth.of(name), start=1):
            if each != "done":
                yield f"2: statement {index} of {name} is {each} at the end"
    yield from (f"3: {leftover} at the end" for leftover in truth.leftovers)


def words_of_run(ended: Ended, truth: Truth, *, alone: bool = True) -> Iterator[str]:
    """Invariants 5 and 6: what a run says at its end, and of each migration, is true.

    `alone`: no other run did what this run says that it has not done.
    """
    if ended.code == DEFECT or "Traceback" in ended.err:
        yield f"6: the run failed with a defect: {ended.err[-500:]}"
    events = ended.documents
    last = events[-1] if events and events[-1].get("event") == "run_finished" else None
    finished = [event["name"] for event in events if event.get("event") == "migration_finished"]
    for name in {*finished, *(last["committed"] if last else ())}:
        if set(truth.of(name)) != {"done"}:
            yield f"5: the run says that {name} is committed, and it is {truth.of(name)}"
    if last is not None:
        yield from _words_of_end(last, truth, alone=alone)


def _words_of_end(last: dict[str, Any], truth: Truth, *, alone: bool) -> Iterator[str]:
    if last["result"] == "done" and not truth.all_done:
        yield f"5: the run says done, and the database has {truth}"
    for name in last["not_run"] if alone else ():
        if set(truth.of(name)) != {"not"}:
            yield f"5: the run says that {name} was not run, and it is {truth.of(name)}"
    if last["failure"] is not None and last["failure"]["name"]:
        yield from _words_of_failure(last["failure"], truth, alone=alone)


def words_of_interruption(ended: Ended, status: dict[str, Any]) -> Iterator[str]:
    """Invariant 6: if a run says that koonj shows a migration as interrupted, status does so."""
    last = ended.documents[-1:] or [{}]
    failure = last[0].get("failure") or {}
    if "shows the migration as interrupted" not in failure.get("target_state", ""):
        return
    state = next(each["state"] for each in status["migrations"] if each["name"] == failure["name"])
    if state != "interrupted":
        yield f"6: the run says {failure['target_state']!r}, and status says {state}"


def _words_of_failure(failure: dict[str, Any], truth: Truth, *, alone: bool) -> Iterator[str]:
    seen, words = truth.of(failure["name"]), failure["target_state"]
    if UNSURE.search(words) or (not alone and "this run" in words.lower()):
        return
    told = 0
    if match := re.search(r"(\d+) of (\d+) statements", words):
        told = int(match[1])
    if failure["name"] != MIXED:
        told = min(told, 1)
    rest = [each for each in seen[told:] if each != "not"]
    if rest and not (rest == ["half"] and "INVALID" in words):
        yield f"6: the run says {words!r}, and in the database are {seen}"


def words_of_status(status: dict[str, Any], truth: Truth, recorded: dict[str, Recorded]) -> Iterator[str]:
    """Invariant 6: what `koonj status` says of each migration is true, when no run is in progress."""
    if status["error"] is not None:
        yield f"6: status fails: {status['error']}"
        return
    for migration in status["migrations"]:
        name, state, seen = migration["name"], migration["state"], truth.of(migration["name"])
        if state == "applied" and set(seen) != {"done"}:
            yield f"6: status says applied of {name}, and it is {seen}"
        if state == "pending" and set(seen) != {"not"} and name not in recorded:
            yield f"6: status says pending of {name}, and it is {seen}"
        if name == MIXED and (match := re.search(r"(\d+) of \d+ statements", migration["note"])):
            certain = not UNSURE.search(migration["note"]) and state != "interrupted"
            if certain and seen[int(match[1]) :].count("done"):
                yield f"6: status says {migration['note']!r}, and in the database are {seen}"
    if status["running"] is not None:
        yield f"6: status says that {status['running']} runs, after its end"


def words_during_run(status: dict[str, Any]) -> Iterator[str]:
    """Invariant 6, while a run is in progress: status does not say "interrupted"."""
    if status["error"] is not None:
        yield f"6: status fails in the middle: {status['error']}"
        return
    for migration in status["migrations"]:
        if migration["state"] == "interrupted":
            yield f"6: status says interrupted of {migration['name']}, and its runner lives: {migration['note']!r}"


def no_secret(connection: psycopg.Connection, *outputs: Ended) -> Iterator[str]:
    """Invariant 7: the planted secret is in no output and in no table of koonj."""
    for each in outputs:
        if SECRET in each.out or SECRET in each.err:
            yield "7: the planted secret is in the output"
    tables = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace('koonj') AND relkind = 'r'"
    )
    for (table,) in tables.fetchall():
        found = connection.execute(
            f'SELECT count(*) FROM koonj."{table}" AS t WHERE t::text ~ %s'.encode(), (SECRET,)
        )
        if found.fetchone() != (0,):
            yield f"7: the planted secret is in koonj.{table}"
