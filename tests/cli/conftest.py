"""Fixtures for tests of the command: a project, with or without a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.command import Project, Terminal
from support.databases import Databases, without_password
from support.own_process import Runs


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Project:
    """Return a project whose target cannot be reached."""
    project = Project(tmp_path, "host=/nowhere dbname=x", capsys)
    project.migrations.mkdir()
    project.configure()
    monkeypatch.chdir(tmp_path)
    return project


@pytest.fixture
def project(files: Project, database: str) -> Project:
    """Return a project with an empty database as its target."""
    files.dsn = database
    files.configure()
    return files


@pytest.fixture
def terminal(project: Project) -> Iterator[Callable[..., Terminal]]:
    """Return a function that starts the command in a terminal of its own."""
    opened: list[Terminal] = []

    def start(*argv: str, **options: Any) -> Terminal:
        opened.append(Terminal(project, *argv, **options))
        return opened[-1]

    yield start
    for one in opened:
        one.kill()


@pytest.fixture
def runs(project: Project, home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the runs of a user without any; at the end, none is left."""
    monkeypatch.setenv("TMPDIR", str(home))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.delenv("CI", raising=False)
    found = Runs(project, home)
    yield found
    found.end_all()


@pytest.fixture
def databases(files: Project, make_database: Callable[[], str]) -> Callable[..., Databases]:
    """Return a function that makes targets with an empty database each."""

    def make(*names: str, **dsns: str) -> Databases:
        made = Databases(files, {name: without_password(make_database()) for name in names} | dsns)
        made.configure()
        return made

    return make
