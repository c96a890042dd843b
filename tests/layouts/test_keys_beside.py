"""A run holds the advisory locks of other tools, and waits for them: one of them runs at a time.

What the tools do while a key is held is recorded: golang-migrate (15 s), tern and Prisma (10 s) wait in `SELECT
pg_advisory_lock`; graphile-migrate fails at once.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from koonj.config import Target
from koonj.migrations.layouts import (
    golang_migrate_writer,
    graphile_migrate_writer,
    prisma_writer,
    tern_writer,
)
from koonj.migrations.layouts.graphile_text import graphile_hash
from koonj.migrations.layouts.tool_writer import HistoryPlace, ToolWriter
from koonj.postgres.connector import Connector
from koonj.runner.run.events import RunResult
from koonj.runner.run.lock_events import WaitingForLock
from support.own_process import wait_until
from support.project import Project, events_of_kind, run_finished

HELD = """
SELECT classid::bigint << 32 | objid::bigint FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND database = (
    SELECT oid FROM pg_database WHERE datname = current_database()
)
"""
TOOLS: dict[str, tuple[ToolWriter, str]] = {
    "golang-migrate": (golang_migrate_writer.WRITER, "schema_migrations"),
    "graphile-migrate": (graphile_migrate_writer.WRITER, "migrations"),
    "prisma": (prisma_writer.WRITER, "_prisma_migrations"),
    "tern": (tern_writer.WRITER, "schema_version"),
}


@pytest.mark.parametrize("tool", TOOLS)
async def test_the_keys_are_held_in_a_run_waited_for_and_free_afterwards(
    tool: str, tmp_path: Path, database: str, connector: Connector
) -> None:
    writer, table = TOOLS[tool]
    project = Project(tmp_path, Target("local", database), connector)
    body = f"CREATE TABLE held AS {HELD};"
    _write(project, tool, 1, body)
    keys = writer.keys(HistoryPlace(project.sql("SELECT current_database()")[0][0], "public", table, ""))
    assert keys
    for key in keys:
        with psycopg.connect(database, autocommit=True) as other:
            other.execute("SELECT pg_advisory_lock(%s)", (key,))
            events = await project.apply(wait=0.2)
            end = run_finished(events)
            assert end.result is RunResult.LOCKED
            assert f"pid {other.info.backend_pid}" in end.message
            assert f"holds the lock of {tool} on this target. Nothing was changed." in end.message
            assert events_of_kind(events, WaitingForLock)[0].lock == f"the lock of {tool}"
            assert project.tables() == set()
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert set(keys) < {key for (key,) in project.sql("SELECT * FROM held")}
    wait_until(lambda: project.sql(HELD) == [])  # the server ends a session after koonj has closed it
    _write(project, tool, 2, "SELECT 1/0;")
    assert run_finished(await project.apply()).result is RunResult.FAILED
    wait_until(lambda: project.sql(HELD) == [])  # the server ends a session after koonj has closed it


def _write(project: Project, tool: str, number: int, body: str) -> None:
    """Write a migration in the form of the tool."""
    if tool == "tern":
        project.write("tern.conf", "[database]\n")
        project.write(
            f"{number:03d}_a.sql", f"{body}\n---- create above / drop below ----\nDROP TABLE held;\n"
        )
    elif tool == "prisma":
        (project.path / f"{number}_a").mkdir()
        project.write(f"{number}_a/migration.sql", body)
        project.write("migration_lock.toml", 'provider = "postgresql"\n')
    elif tool == "graphile-migrate":
        (project.path / "committed").mkdir(exist_ok=True)
        before = sorted(project.path.glob("*/*.sql"))
        previous = before[-1].read_text().splitlines()[1].removeprefix("--! Hash: ") if before else ""
        header = f"--! Previous: {previous or '-'}\n--! Hash: {graphile_hash(body, previous)}\n\n"
        (project.path / "committed" / f"{number:06d}.sql").write_text(header + body)
    else:
        project.write(f"{number}_a.up.sql", body)
        project.write(f"{number}_a.down.sql", "DROP TABLE held;")
