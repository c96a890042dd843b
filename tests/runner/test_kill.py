"""kill -9 in the middle of a transactional apply, at random moments: history and schema always agree."""

import random
import subprocess
import sys
import time

import pytest

from koonj.postgres.advisory_lock import KEY
from support.project import Project

MIGRATIONS = 12


@pytest.fixture
def slow_project(project: Project) -> Project:
    """Twelve migrations of four statements each, wide enough to be hit in every place."""
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


def _run_and_kill(project: Project, command: str, delay: float) -> bool:
    """Start koonj, kill it `delay` seconds after its first migration began; False where it had ended before."""
    where = ["--dsn", project.target.dsn, "--migrations", str(project.path)]
    process = subprocess.Popen(
        [sys.executable, "-m", "koonj", command, "--all", "--yes", "--json", *where], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    for line in process.stdout:
        if b'"migration_started"' in line:
            break
    time.sleep(delay)
    ended = process.poll() is not None
    process.kill()
    process.stdout.close()
    process.wait()
    return not ended


def _wait_until_the_server_let_go(project: Project) -> None:
    for _ in range(200):
        [(held,)] = project.sql(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s", KEY & 0xFFFFFFFF
        )
        if not held:
            return
        time.sleep(0.05)
    pytest.fail("the killed run's session is still there")


def _agree(project: Project) -> int:
    """Hold that a migration's table, with its row, is there exactly if its last act is a done apply; how many."""
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
async def test_ten_kills(slow_project: Project, seed: int) -> None:
    chance = random.Random(seed)
    kills, applied = 0, 0
    while kills < 10:
        command = "rollback" if applied == MIGRATIONS else "apply"
        kills += _run_and_kill(slow_project, command, chance.uniform(0, 0.3))
        _wait_until_the_server_let_go(slow_project)
        applied = _agree(slow_project)
    assert set((await slow_project.states()).values()) <= {"applied", "pending"}
    await slow_project.apply()
    assert _agree(slow_project) == MIGRATIONS
