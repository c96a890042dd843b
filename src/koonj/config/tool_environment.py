"""Read where dbmate connects, and which folder and table it uses: the environment, and its ``.env``.

Only in a folder that has migrations of dbmate: other programs keep other things in a ``.env``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from koonj.config.owned_file import start_of_owned_file
from koonj.config.settings import ENV_FILE

URL, FOLDER, TABLE = "DATABASE_URL", "DBMATE_MIGRATIONS_DIR", "DBMATE_MIGRATIONS_TABLE"

_MARKER = re.compile(rb"^--[^\S\n]*migrate:up", re.MULTILINE)
_MOST = 1 << 16
"""Bytes of a file that are read."""
_FEW = 5
"""Files in which the marker is looked for."""
_LINE = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)[ \t]*[=:][ \t]*
    (?:'(?P<single>[^'\n]*)'|"(?P<double>(?:\\.|[^"\\\n])*)"|(?P<bare>[^\n]*?))
    [ \t]*(?:\#[^\n]*)?$""",
    re.VERBOSE | re.MULTILINE,
)
"""Source: github.com/joho/godotenv 1.5.1, which dbmate uses."""


@dataclass(frozen=True, slots=True)
class DbmateEnvironment:
    """What dbmate would take from the environment, then from its ``.env``."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The values of `URL`, `FOLDER` and `TABLE` that are set. The first can have a password."""
    url_from_file: bool = False
    """Whether the URL is that of the file."""


def read_environment(cwd: Path, environ: Mapping[str, str]) -> DbmateEnvironment:
    """Return what is set for dbmate. The environment has priority over the file of the working directory."""
    names = (URL, FOLDER, TABLE)
    in_file = {name: value for name, value in _file(cwd / ENV_FILE) if name in names}
    of_process = {name: environ[name] for name in names if environ.get(name)}
    return DbmateEnvironment({**in_file, **of_process}, URL in in_file and URL not in of_process)


def has_marker(folder: Path) -> bool:
    """Return whether files of the folder have the marker of dbmate; only a few are read."""
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix == ".sql" and path.name[:1].isdigit())
    except OSError:
        return False
    return any(_MARKER.search(start_of_owned_file(path, _MOST) or b"") for path in islice(files, _FEW))


def _file(path: Path) -> Iterator[tuple[str, str]]:
    for found in _LINE.finditer((start_of_owned_file(path, _MOST) or b"").decode("utf-8", "replace")):
        if found["double"] is not None:
            yield found["name"], re.sub(r"\\(.)", r"\1", found["double"])
        else:
            yield found["name"], found["single"] if found["single"] is not None else found["bare"].strip()
