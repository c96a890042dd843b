"""The git branch that a folder is on, read from git's own files: no process is started for it.

Git's layout: https://git-scm.com/docs/gitrepository-layout (``.git`` as a file, ``HEAD``, worktrees).
"""

from __future__ import annotations

import re
from pathlib import Path

_LONGEST = 4096
"""Bytes of ``.git`` and ``HEAD`` that are read."""
_BRANCH = "ref: refs/heads/"
_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHORT = 8
_ELSEWHERE = ".invalid"
"""What HEAD names where references are kept in a reftable: the branch is not in a file of its own."""


def branch(folder: Path) -> str | None:
    """The branch, or the first 8 digits of the commit where HEAD is detached.

    None where `folder` is in no repository, or its branch cannot be told. Raises nothing: a repository that
    cannot be read is none.
    """
    try:
        found = _repository(folder.resolve())
        head = None if found is None else _first_line(found / "HEAD")
    except (OSError, ValueError, RuntimeError):
        return None
    if head is None:
        return None
    if head.startswith("ref: "):
        name = head.removeprefix(_BRANCH if head.startswith(_BRANCH) else "ref: ").strip()
        return None if name in {"", _ELSEWHERE} else name
    return head[:_SHORT] if _HASH.fullmatch(head) else None


def _repository(folder: Path) -> Path | None:
    """The folder with the ``HEAD`` of the nearest repository; a worktree and a submodule have their own."""
    for above in (folder, *folder.parents):
        dot = above / ".git"
        if dot.is_dir() and (dot / "HEAD").exists():
            return dot
        if dot.is_file() and (line := _first_line(dot)).startswith("gitdir: "):
            return above / line.removeprefix("gitdir: ").strip()
    return None


def _first_line(path: Path) -> str:
    with path.open("rb") as file:
        lines = file.read(_LONGEST).decode("utf-8", "replace").splitlines()
    return lines[0].rstrip() if lines else ""
