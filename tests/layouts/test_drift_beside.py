"""koonj compares a target with the migrations that another tool has applied there."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from koonj.config import Target
from koonj.postgres.connector import Connector
from koonj.runner.drift import DriftError
from support.drift import differences_of, drift_of
from support.project import Project
from support.tool_truth import ToolTruth, migrations_of

TOOLS = {
    "dbmate": (),
    "golang-migrate": (
        "golang-migrate records only the newest version, so every file up to it counts as applied.",
    ),
    "drizzle": (),
    "yoyo": (),
}
"""The notes by tool. drizzle keeps its history in a schema of its own, yoyo in several tables."""


def put(tool: str, root: Path, dsn: str, connector: Connector) -> tuple[Project, list[str]]:
    """Leave the folder and the database as the tool does, and return the names of the applied migrations."""
    truth = ToolTruth.of(tool)
    project = Project(truth.copy_to(root), Target("local", dsn), connector)
    moment = truth.recorded["moments"][0]
    truth.put(dsn, moment)
    applied = [name for name, state in moment["states"].items() if state == "applied"]
    with psycopg.connect(dsn, autocommit=True) as conn:
        for migration in migrations_of(project.reader.read()):
            if migration.name in applied:
                conn.execute(migration.body_text.replace("${flyway:defaultSchema}", "public").encode())
    return project, applied


@pytest.mark.parametrize("tool", TOOLS)
async def test_what_the_tool_has_applied_is_no_drift_and_neither_is_its_history(
    tool: str, tmp_path: Path, database: str, connector: Connector
) -> None:
    project, applied = put(tool, tmp_path / "project", database, connector)
    drift = await drift_of(project)
    assert (differences_of(drift), drift.notes) == (set(), TOOLS[tool])
    assert drift.migrations == len(applied)
    project.sql("CREATE TABLE by_hand (id int); CREATE SCHEMA drizzle_too")
    assert differences_of(await drift_of(project)) == {
        "not removed table public.by_hand",
        "not removed schema drizzle_too",
    }


async def test_a_schema_of_the_history_counts_if_there_is_something_else_in_it(
    tmp_path: Path, database: str, connector: Connector
) -> None:
    project, _ = put("drizzle", tmp_path / "project", database, connector)
    project.sql("CREATE TABLE drizzle.by_hand (id int)")
    assert differences_of(await drift_of(project)) == {
        "not removed schema drizzle",
        "not removed table drizzle.by_hand",
    }


async def test_what_is_not_known_is_said(tmp_path: Path, database: str, connector: Connector) -> None:
    project, _ = put("dbmate", tmp_path / "project", database, connector)
    project.sql("INSERT INTO schema_migrations VALUES ('7')")
    with pytest.raises(DriftError, match="7 has no file, and koonj does not have the text that dbmate ran"):
        await drift_of(project)
    project.sql("DROP TABLE schema_migrations")
    assert (await drift_of(project)).notes == (
        "No migration is applied on local, so everything in it counts as drift.",
        "dbmate has no history on this target.",
    )


async def test_an_edited_file_and_a_failed_migration_are_named(
    tmp_path: Path, database: str, connector: Connector
) -> None:
    project, _ = put("drizzle", tmp_path / "edited", database, connector)
    first = project.path / "0000_users.sql"
    first.write_text(first.read_text() + "-- more\n")
    (edited,) = (await drift_of(project)).notes
    assert edited == "0000_users was edited after drizzle ran it; koonj compares the file."
    project.sql("DROP SCHEMA drizzle CASCADE; DROP TABLE posts, users")
    project, _ = put("golang-migrate", tmp_path / "failed", database, connector)
    project.sql("UPDATE schema_migrations SET dirty = true")
    notes = " ".join((await drift_of(project)).notes)
    assert "000002_posts.up.sql failed (" in notes
    assert "so the target might contain only a part of it." in notes


async def test_a_migration_that_runs_again_is_named(
    tmp_path: Path, database: str, connector: Connector
) -> None:
    project, _ = put("flyway", tmp_path / "project", database, connector)
    view = project.path / "R__view_users.sql"
    with pytest.raises(
        DriftError, match=f"{view.name}, so it cannot compute the expected schema.\n.*replaces"
    ):
        await drift_of(project)
    view.write_text("CREATE VIEW v AS SELECT 1;\n")
    drift = await drift_of(project)
    assert any(note.startswith("R__view_users.sql is pending (") for note in drift.notes)
    assert {d.split()[2] for d in differences_of(drift)} == {"view"}
