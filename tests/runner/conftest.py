"""Fixtures of the runner's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from koonj.config import Target
from koonj.postgres.connector import Connector
from support.project import Project


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
def make_project(
    tmp_path: Path, make_database: Callable[[], str], connector: Connector
) -> Callable[[], Project]:
    def make() -> Project:
        folder = tmp_path / "other"
        folder.mkdir()
        return Project(folder, Target("other", make_database()), connector)

    return make
