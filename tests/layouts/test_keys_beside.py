"""A run holds the advisory locks of golang-migrate and tern, and waits for them: one of them runs at a time.

What those tools do while a key is held is recorded: both wait in `SELECT pg_advisory_lock` (golang-migrate 15 s).
"""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from koonj.config import Target
from koonj.migrations.layouts import golang_migrate_writer, tern_writer
from koonj.migrations.layouts.tool_writer import HistoryPlace, ToolWriter
from koonj.postgres.connector import Connector
from koonj.runner.run.events import RunResult
from koonj.runner.run.lock_events import WaitingForLock
from support.project import Project, events_of_kind, run_finished

HELD = """
SELECT classid::bigint << 32 | objid::bigint FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND database = (
    SELECT oid FROM pg_database WHERE datname = current_database()
)
"""
TOOLS: dict[str, tuple[ToolWriter, str, str]] = {
    "golang-migrate": (golang_migrate_writer.WRITER, "1_a.up.sql", "schema_migrations"),
    "tern": (tern_writer.WRITER, "001_a.sql", "schema_version"),
}


@pytest.mark.parametrize("tool", TOOLS)
async def test_the_keys_are_held_in_a_run_waited_for_and_free_afterwards(
    tool: str, tmp_path: Path, database: str, connector: Connector
) -> None:
    writer, name, table = TOOLS[tool]
    project = Project(tmp_path, Target("local", database), connector)
    body = f"CREATE TABLE held AS {HELD};"
    if tool == "tern":
        project.write("tern.conf", "[database]\n")
        project.write(name, f"{body}\n---- create above / drop below ----\nDROP TABLE held;\n")
    else:
        project.write(name, body)
        project.write("1_a.down.sql", "DROP TABLE held;")
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
    assert project.sql(HELD) == []
    project.write("002_b.sql" if tool == "tern" else "2_b.up.sql", "SELECT 1/0;")
    assert run_finished(await project.apply()).result is RunResult.FAILED
    assert project.sql(HELD) == []
