"""Find the extensions of server binaries from their files, without a server."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from koonj.humanize import plural
from koonj.postgres.embedded.binaries import Binaries, candidates
from koonj.postgres.embedded.program_version import answer_of


def lacking(binaries: Binaries, names: Collection[str]) -> tuple[str, ...]:
    """Return those of `names` that have no control file; none if that is unknown."""
    folder = _folder(binaries) if names else None
    if folder is None:
        return ()
    return tuple(sorted(name for name in names if not (folder / f"{name}.control").is_file()))


def missing_extensions(
    chosen: Binaries, names: Collection[str], environ: Mapping[str, str] = os.environ
) -> tuple[str, ...]:
    """Return a note if the chosen binaries lack an extension: who has it, or how to get it."""
    missing = lacking(chosen, names)
    if not missing:
        return ()
    what = f"{plural(len(missing), 'extension')} {', '.join(missing)}"
    them = plural(len(missing), "it", "them")
    problem = f"{chosen.description} does not have the {what}."
    owner = next((one for one in candidates(environ) if not lacking(one, missing)), None)
    if owner is not None:
        return (f"{problem} {owner.description} has {them}: use --pg {owner.major}.",)
    return (
        f"{problem} No server binaries on this machine have {them}. Install {them} for PostgreSQL "
        f"{chosen.major}, or set [scratch] dsn in koonj.toml to a server that has {them}.",
    )


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
