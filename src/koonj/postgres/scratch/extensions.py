"""Find the extensions of server binaries from their files, without a server."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.program_version import answer_of


def lacking(binaries: Binaries, names: Collection[str]) -> tuple[str, ...]:
    """Return those of `names` that have no control file; none if that is unknown."""
    folder = _folder(binaries) if names else None
    if folder is None:
        return ()
    return tuple(sorted(name for name in names if not (folder / f"{name}.control").is_file()))


def _folder(binaries: Binaries) -> Path | None:
    """Return the folder in which CREATE EXTENSION of these binaries looks."""
    top = binaries.bindir.parent
    places = [_asked(binaries), top / "share", top / "share/postgresql"]
    if binaries.bindir.is_relative_to("/usr/lib/postgresql"):  # Debian installs the share folder elsewhere
        places.append(Path("/usr/share/postgresql", str(binaries.major)))
    folders = (place / "extension" for place in places if place is not None)
    return next((folder for folder in folders if (folder / "plpgsql.control").is_file()), None)


def _asked(binaries: Binaries) -> Path | None:
    """Return the share folder that pg_config prints; None if it is missing or fails."""
    program = binaries.program("pg_config")
    answer = None if program is None else answer_of(program, "--sharedir")
    return None if answer is None else Path(answer)
