"""Fixtures for tests of koonj.toml."""

from pathlib import Path

import pytest

from support.config_project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project folder with migrations and no koonj.toml."""
    return Project(tmp_path / "my-project")
