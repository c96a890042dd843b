"""Fixtures of the command's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.command import Project, Terminal


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Project:
    """A project whose target cannot be reached."""
    project = Project(tmp_path, "host=/nowhere dbname=x", capsys)
    project.migrations.mkdir()
    project.configure()
    monkeypatch.chdir(tmp_path)
    return project


@pytest.fixture
def project(files: Project, database: str) -> Project:
    """A project with an empty database."""
    files.dsn = database
    files.configure()
    return files


@pytest.fixture
def terminal(project: Project) -> Iterator[Callable[..., Terminal]]:
    """Start the command in a terminal."""
    opened: list[Terminal] = []

    def start(*argv: str, **options: Any) -> Terminal:
        opened.append(Terminal(project, *argv, **options))
        return opened[-1]

    yield start
    for one in opened:
        one.kill()
