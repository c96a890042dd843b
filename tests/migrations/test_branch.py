"""The git branch that koonj reads from git's own files, compared with git itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from koonj.migrations.branch import branch

HASH = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "database" / "migrations").mkdir(parents=True)
    return tmp_path


def head(repository: Path, text: str) -> str | None:
    (repository / ".git" / "HEAD").write_text(text)
    return branch(repository / "database" / "migrations")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ref: refs/heads/main\n", "main"),
        ("ref: refs/heads/ada/add-status\n", "ada/add-status"),
        ("ref: refs/bisect/bad\n", "refs/bisect/bad"),
        (f"{HASH}\n", HASH[:8]),
        (HASH + HASH[:24], HASH[:8]),
        ("ref: refs/heads/.invalid\n", None),
        ("ref: refs/heads/\n", None),
        ("", None),
        ("nonsense\n", None),
        ("\x00\xff", None),
    ],
)
def test_branch_is_read_from_head(repository: Path, text: str, expected: str | None) -> None:
    assert head(repository, text) == expected


def test_branch_is_none_when_folder_is_outside_a_repository(tmp_path: Path) -> None:
    assert branch(tmp_path / "not" / "there") is None


def test_git_file_is_followed_to_the_folder_with_head(tmp_path: Path) -> None:
    own = tmp_path / "main" / ".git" / "worktrees" / "other"
    own.mkdir(parents=True)
    (own / "HEAD").write_text("ref: refs/heads/other\n")
    tree = tmp_path / "other"
    tree.mkdir()
    (tree / ".git").write_text("gitdir: ../main/.git/worktrees/other\n")
    assert branch(tree) == "other"
    (tree / ".git").write_text(f"gitdir: {own}\n")
    assert branch(tree) == "other"
    (tree / ".git").write_text("gitdir: /nowhere\n")
    assert branch(tree) is None


def test_branch_is_none_when_head_is_not_a_file(repository: Path) -> None:
    (repository / ".git" / "HEAD").mkdir()
    assert branch(repository) is None


def test_branch_is_none_when_link_points_to_itself(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert branch(tmp_path / "loop") is None


@pytest.mark.skipif(shutil.which("git") is None, reason="compares with git itself")
def test_branch_is_the_one_that_git_reports(tmp_path: Path) -> None:
    def git(*words: str) -> str:
        author = ("-c", "user.name=ada", "-c", "user.email=ada@example.org")
        command = ["git", "-C", str(tmp_path), *author, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q", ".")
    git("checkout", "-q", "-b", "topic/one")
    assert branch(tmp_path) == "topic/one"
    git("commit", "-q", "--allow-empty", "-m", "first")
    git("worktree", "add", "-q", "-b", "two", str(tmp_path / "tree"))
    assert branch(tmp_path / "tree") == "two"
    git("checkout", "-q", "--detach")
    assert branch(tmp_path) == git("rev-parse", "HEAD")[:8]
