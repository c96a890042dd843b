"""koonj reads the folders and the histories that other tools have written: states, order, texts; it writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from koonj.config import Target
from koonj.migrations.folder import FolderReader
from koonj.postgres.connector import Connector
from koonj.runner.target.status import read_status
from support.tool_truth import ToolTruth, migrations_of, tools

EVERYTHING = "SELECT c.oid, c.relname, c.xmin::text FROM pg_class c WHERE c.oid >= 16384 ORDER BY 1"


def contents(root: Path) -> Mapping[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def relations(dsn: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn, autocommit=True) as conn:
        return conn.execute(EVERYTHING).fetchall()


@pytest.mark.parametrize("tool", tools())
def test_files_are_read_as_the_tool_runs_them(tool: str, tmp_path: Path) -> None:
    truth = ToolTruth.of(tool)
    folder = FolderReader(truth.copy_to(tmp_path / "project"), tmp_path).read()
    assert folder.layout is not None
    assert folder.layout.name == truth.recorded["layout"]
    assert folder.layout.evidence.endswith(truth.recorded["evidence"])
    read = [
        [
            one.name,
            one.version,
            one.title,
            one.shape.explanation,
            one.rollback_shape.explanation if one.rollback_shape else None,
        ]
        for one in migrations_of(folder)
    ]
    assert read == truth.recorded["migrations"]
    assert [one.name for one in folder.migrations if one.problems] == truth.recorded.get("refused", [])
    assert [name for name, _ in folder.problems] == truth.recorded.get("problems", [])


@pytest.mark.parametrize("tool", tools())
async def test_states_are_those_of_the_tool(
    tool: str, tmp_path: Path, database: str, connector: Connector
) -> None:
    truth, target = ToolTruth.of(tool), Target("local", database)
    for number, moment in enumerate(truth.recorded["moments"]):
        root = tmp_path / str(number)
        path = truth.copy_to(root)
        for name, text in moment.get("files", {}).items():
            (path / name).write_text(text)
        for name in moment.get("without", ()):
            (path / name).unlink()
        truth.put(database, moment)
        before = contents(root), relations(database)
        folder = FolderReader(path).read()
        status = await read_status(connector, target, folder)
        assert status.error is None, moment["when"]
        assert {one.name: one.state.value for one in status.migrations} == moment["states"], moment["when"]
        assert [one.name for one in status.migrations] == list(moment["states"]), moment["when"]
        for name, part in moment.get("notes", {}).items():
            assert part in next(one.note for one in status.migrations if one.name == name)
        assert status.tool_history == truth.recorded["table"]
        assert (contents(root), relations(database)) == before
        if tool == "dbmate" and "says" in moment:
            assert_same_as_dbmate(moment["says"], moment["states"])


def assert_same_as_dbmate(says: str, states: Mapping[str, str]) -> None:
    """Compare koonj's states with what `dbmate status` printed."""
    lines = [line for line in says.splitlines() if line.startswith("[")]
    printed = {line[4:]: line[1] == "X" for line in lines}
    assert {name: state == "applied" for name, state in states.items()} == printed


@pytest.mark.parametrize("tool", tools())
async def test_without_a_history_everything_is_pending(
    tool: str, tmp_path: Path, database: str, connector: Connector
) -> None:
    folder = FolderReader(ToolTruth.of(tool).copy_to(tmp_path / "project")).read()
    status = await read_status(connector, Target("local", database), folder)
    assert (status.error, status.tool_history) == (None, "")
    assert {one.state.value for one in status.migrations} == {"pending"}
    assert relations(database) == []
