"""Fixtures of the tests of migrations."""

from pathlib import Path

import pytest

from support.migration_story import Story


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)
