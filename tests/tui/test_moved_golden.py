"""Golden tests of the questions about a run that goes on: leave it, or cancel it.

They start a process of koonj, which faketime does not reach: so `.ci/run` does not repeat them on another day.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from koonj.runner.apply import statement_watch
from koonj.runner.run import run as run_module
from koonj.tui.workers import watcher
from support.moved_screen import apply_all, gate
from support.screen import Golden, Project

SIZES = [(80, 24), (120, 36)]


@pytest.fixture(autouse=True)
def _the_same_each_time(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root)
    monkeypatch.setattr(watcher, "FOLLOW_INTERVAL", 3600.0)
    monkeypatch.setattr(statement_watch, "FIRST", 3600.0)


@contextmanager
def _writer(project: Project) -> Iterator[None]:
    """Hold a lock that a concurrent build waits for."""
    with psycopg.connect(project.targets[0].dsn) as other:
        other.execute("LOCK TABLE t1 IN ROW EXCLUSIVE MODE")
        yield


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_cancel_of_a_concurrent_build_matches_golden(
    project: Project, golden: Golden, size: tuple[int, int]
) -> None:
    with psycopg.connect(project.targets[0].dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE t1 (id int)")
    project.table(2)
    project.write(
        "003_index_t1.sql", "INSERT INTO t1 VALUES (1);\nCREATE INDEX CONCURRENTLY t1_idx ON t1 (id);\n"
    )
    project.table(4)
    with _writer(project):
        async with project.open(size) as screen:
            await apply_all(screen)
            await screen.until("1 applied")
            await screen.press("c")
            await screen.expect_dialog("leaves an INVALID index")
            await golden(screen, f"cancel_{size[0]}")
            await screen.yes()
            await screen.expect_run("cancelled")


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_quit_during_a_moved_run_matches_golden(
    project: Project, golden: Golden, home: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setattr(run_module, "uuid4", lambda: UUID("3f2a91c4-0000-4000-8000-000000000000"))
    with gate(project) as at_gate:
        at_gate.write(1)
        project.table(2)
        async with project.open(size, moves_runs=True) as screen:
            await apply_all(screen)
            await screen.press("q")
            await screen.expect_dialog("koonj attach 3f2a91c4")
            await golden(screen, f"leave_running_{size[0]}")
            await screen.press("escape")
            at_gate.open()
            await screen.expect_run("done")
