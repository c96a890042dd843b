"""The hook for pre-commit that other projects use: .pre-commit-hooks.yaml."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from koonj.cli.commands import COMMANDS
from support.command import Project

ROOT = Path(__file__).parents[2]
HOOK = dict(
    re.findall(
        r"^(?:- |  )(\w+): (.+)$", (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"), re.MULTILINE
    )
)
"""The only hook of the file. Its values are plain YAML strings."""


def test_the_hook_has_what_pre_commit_requires() -> None:
    assert HOOK["id"] == "koonj-check"
    assert HOOK["language"] == "python"
    assert HOOK["pass_filenames"] == "false"  # the problems of a folder are more than those of its files
    assert {"name", "entry", "files"} <= set(HOOK)


def test_the_entry_is_a_command_that_the_package_installs() -> None:
    program, command = shlex.split(HOOK["entry"])
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert program in scripts
    assert command in COMMANDS


@pytest.mark.parametrize(
    ("path", "runs"),
    [
        ("database/migrations/001_a.sql", True),
        ("koonj.toml", True),
        ("app/koonj.toml", True),
        ("app/notkoonj.toml", False),
        ("docs/a.sql.md", False),
    ],
)
def test_the_hook_runs_for_migrations_and_the_configuration(path: str, *, runs: bool) -> None:
    assert bool(re.search(HOOK["files"], path)) is runs


def test_the_entry_fails_if_a_file_has_a_problem(files: Project) -> None:
    _, *arguments = shlex.split(HOOK["entry"])
    files.table(1)
    assert files.koonj(*arguments).code == 0
    files.table(2, rollback=False)
    assert files.koonj(*arguments).code == 4
    files.write("003_open.sql", "BEGIN;\nSELECT 1;\n-- Rollback: none: test\n")
    answer = files.run(*arguments)
    assert answer.code == 1
    assert "migrations/003_open.sql:1:1: error: " in answer.out
