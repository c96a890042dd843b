"""Fixtures of the runner's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from koonj.config import Target
from koonj.postgres.connector import Connector
from koonj.runner.apply import statement_watch
from support.project import Project
from support.rehearsal_folder import BASE, RehearsalFolder


@pytest.fixture
async def connector() -> AsyncIterator[Connector]:
    async with Connector() as connector:
        yield connector


@pytest.fixture
async def project(tmp_path: Path, database: str, connector: Connector) -> Project:
    folder = tmp_path / "migrations"
    folder.mkdir()
    return Project(folder, Target("local", database), connector)


@pytest.fixture
def no_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no run watch its statements: on a slow machine that is one more connection, at a time that varies."""
    monkeypatch.setattr(statement_watch, "FIRST", 3600.0)


@pytest.fixture
def make_project(
    tmp_path: Path, make_database: Callable[[], str], connector: Connector
) -> Callable[[], Project]:
    def make() -> Project:
        folder = tmp_path / "other"
        folder.mkdir()
        return Project(folder, Target("other", make_database()), connector)

    return make


@pytest.fixture
async def folder(tmp_path: Path, connector: Connector) -> RehearsalFolder:
    """An empty folder of migrations."""
    path = tmp_path / "migrations"
    path.mkdir()
    return RehearsalFolder(path, connector)


@pytest.fixture
def base_folder(folder: RehearsalFolder) -> RehearsalFolder:
    """A folder whose first migration creates a table, an index, a view, a function and a grant."""
    folder.write(1, BASE, "DROP FUNCTION twice; DROP VIEW people; DROP TABLE users;")
    return folder
