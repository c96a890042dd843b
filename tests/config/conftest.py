"""A project whose koonj.toml a test writes."""

from pathlib import Path

import pytest

from support.config_project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A folder with migrations, and no koonj.toml yet."""
    return Project(tmp_path / "my-project")
