"""Find the git branch of a folder without starting a process.

koonj reads git's own files. Their layout: https://git-scm.com/docs/gitrepository-layout (``.git`` as a file,
``HEAD``, worktrees).
"""

from __future__ import annotations

import re
from pathlib import Path

_LONGEST = 4096
"""Number of bytes of ``.git`` and ``HEAD`` that are read."""
_BRANCH = "ref: refs/heads/"
_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHORT = 8
_ELSEWHERE = ".invalid"
"""Name in HEAD if git stores references in a reftable: then no file names the branch."""


def branch(folder: Path) -> str | None:
    """Return the branch, or 8 digits of the commit if HEAD is detached.

    None if `folder` is not in a repository, or if its branch cannot be found out. Raises nothing: a
    repository that cannot be read counts as none.
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
    """Return the folder with the ``HEAD`` of the nearest repository.

    A worktree and a submodule have a ``HEAD`` of their own.
    """
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
