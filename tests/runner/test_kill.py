"""Tests that kill koonj (SIGKILL) at random moments: the history agrees with the schema."""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from koonj.postgres.advisory_lock import KEY
from support.fork_server import ForkServer
from support.project import PATIENCE, Project

pytestmark = pytest.mark.slow

MIGRATIONS = 12


@pytest.fixture
def slow_project(project: Project) -> Project:
    """Twelve migrations of four statements each, slow enough to be killed at any statement."""
    for n in range(1, MIGRATIONS + 1):
        project.write(
            f"{n:03d}_make_t{n}.sql",
            f"""
            BEGIN;
            CREATE TABLE t{n} (id int PRIMARY KEY);
            SELECT pg_sleep(0.02);
            INSERT INTO t{n} VALUES ({n});
            SELECT pg_sleep(0.02);
            COMMIT;
            -- Rollback:
            -- BEGIN;
            -- DROP TABLE t{n};
            -- SELECT pg_sleep(0.02);
            -- COMMIT;
            """,
        )
    return project


@pytest.fixture
def forks() -> Iterator[ForkServer]:
    with ForkServer() as started:
        yield started


def _run_and_kill(project: Project, forks: ForkServer, command: str, delay: float) -> bool:
    """Start koonj and kill it `delay` seconds after its first migration started; return whether it still ran."""
    where = ["--dsn", project.target.dsn, "--migrations", str(project.path)]
    pid = forks.start(command, "--all", "--yes", "--json", *where, cwd=project.path)
    end = time.monotonic() + PATIENCE
    while '"migration_started"' not in forks.written() and not forks.has_ended():
        assert time.monotonic() < end, forks.written()
        time.sleep(0.005)
    time.sleep(delay)
    if not forks.has_ended():
        with suppress(ProcessLookupError):  # it has ended just now
            os.kill(pid, signal.SIGKILL)
    return forks.wait().code == -signal.SIGKILL


def _wait_until_the_lock_is_released(project: Project) -> None:
    for _ in range(200):
        [(held,)] = project.sql(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s", KEY & 0xFFFFFFFF
        )
        if not held:
            return
        time.sleep(0.05)
    pytest.fail("the killed run's session is still there")


def _check_history(project: Project) -> int:
    """Check that the tables with their rows match the history; return the number of applied migrations."""
    last = dict(
        project.sql(
            "SELECT DISTINCT ON (name) name, action FROM koonj.history WHERE outcome = 'done' ORDER BY name, id DESC"
        )
    )
    applied = {f"t{n}" for n in range(1, MIGRATIONS + 1) if last.get(f"{n:03d}_make_t{n}.sql") == "apply"}
    assert project.tables() == applied
    assert all(project.sql(f"SELECT count(*) FROM {table}") == [(1,)] for table in applied)
    assert project.sql("SELECT count(*) FROM koonj.history WHERE outcome <> 'done'") == [(0,)]
    return len(applied)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_history_agrees_with_the_schema_after_each_of_ten_kills(
    slow_project: Project, forks: ForkServer, seed: int
) -> None:
    chance = random.Random(seed)
    kills, applied = 0, 0
    while kills < 10:
        command = "rollback" if applied == MIGRATIONS else "apply"
        kills += _run_and_kill(slow_project, forks, command, chance.uniform(0, 0.3))
        _wait_until_the_lock_is_released(slow_project)
        applied = _check_history(slow_project)
    assert set((await slow_project.states()).values()) <= {"applied", "pending"}
    await slow_project.apply()
    assert _check_history(slow_project) == MIGRATIONS


STEPS = 6


@pytest.fixture
def stepped_project(project: Project) -> Project:
    """Six migrations that are not one transaction; each statement can be run again."""
    for n in range(1, STEPS + 1):
        project.write(
            f"{n:03d}_steps.sql",
            f"""
            CREATE TABLE IF NOT EXISTS a{n} (id int);
            VACUUM a{n};
            BEGIN;
            CREATE TABLE b{n} (id int);
            SELECT pg_sleep(0.01);
            COMMIT;
            SELECT pg_sleep(0.01);
            -- Rollback: none: test
            """,
        )
    return project


def _check_counts(project: Project) -> dict[str, int]:
    """Check that the counted statements of each migration took effect, and at most one more; return the counts."""
    tables = project.tables()
    counts = dict(
        project.sql(
            "SELECT DISTINCT ON (name) name, statements_done FROM koonj.history "
            "WHERE action = 'apply' ORDER BY name, id DESC"
        )
    )
    for n in range(1, STEPS + 1):
        done = counts.get(f"{n:03d}_steps.sql", 0)
        assert done < 1 or f"a{n}" in tables
        assert (done >= 4) == (f"b{n}" in tables)
    return counts


async def test_history_counts_the_committed_statements_after_each_of_twenty_kills(
    stepped_project: Project, forks: ForkServer
) -> None:
    chance = random.Random(4)
    seen: set[str] = set()
    for _ in range(20):
        _run_and_kill(stepped_project, forks, "apply", chance.uniform(0, 0.15))
        _wait_until_the_lock_is_released(stepped_project)
        counts, states = _check_counts(stepped_project), await stepped_project.states()
        for name, state in states.items():
            done = counts.get(name, 0)
            assert (state == "applied") == (done == 5)
            assert state in ("applied", "pending", "interrupted", "failed")
        seen |= set(states.values())
        if set(states.values()) == {"applied"}:
            stepped_project.sql("DROP SCHEMA koonj CASCADE")
            for n in range(1, STEPS + 1):
                stepped_project.sql(f"DROP TABLE a{n}, b{n}")
    assert seen >= {"interrupted", "applied", "pending"}
    await stepped_project.apply()
    assert set((await stepped_project.states()).values()) == {"applied"}
