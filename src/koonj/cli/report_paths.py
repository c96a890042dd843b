"""Paths of files in a report for CI: relative to the root of the repository.

GitHub and GitLab find a file by such a path only, wherever in the repository the command was called.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

_VARIABLES = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""Where GitHub Actions and GitLab CI say which folder has the repository.

https://docs.github.com/en/actions/reference/workflows-and-actions/variables
https://docs.gitlab.com/ci/variables/predefined_variables/
"""


@dataclass(frozen=True, slots=True)
class ReportPaths:
    """The folder of the migrations, as a report names it."""

    folder: Path
    """Relative to the root of the repository; absolute if it is outside."""
    in_gitlab: bool = False
    """Whether a job of GitLab CI reads the report."""

    @classmethod
    def of(cls, folder: Path, cwd: Path, environ: Mapping[str, str]) -> ReportPaths:
        """Return the paths of a folder's files.

        The root is what CI says, else the folder with the nearest ``.git`` above the migrations, else `cwd`.
        A root that does not contain the migrations does not count.
        """
        in_gitlab = "GITLAB_CI" in environ
        for root in _roots(folder, cwd, environ):
            for real, path in ((root, folder), (root.resolve(), folder.resolve())):
                if path.is_relative_to(real):
                    return cls(path.relative_to(real), in_gitlab)
        return cls(folder, in_gitlab)

    def path(self, name: str) -> str:
        """Return the path of a file, with ``/`` between its parts."""
        return (self.folder / name).as_posix()

    def uri(self, name: str) -> str:
        """Return the path as a URI reference: bytes other than letters, digits and ``-._~/`` are encoded."""
        path = self.folder / name
        encoded = quote(os.fsencode(path.as_posix()), safe="/")
        return f"file://{encoded}" if path.is_absolute() else encoded


def _roots(folder: Path, cwd: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    for variable in _VARIABLES:
        given = Path(environ.get(variable, ""))
        if given.is_absolute():
            yield given
    yield from (above for above in (folder, *folder.parents) if (above / ".git").exists())
    yield cwd
