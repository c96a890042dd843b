"""Choose the scratch server of a rehearsal.

This is the configured one, or else one that uses the best server binaries of this machine.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping

from koonj.config import EMBEDDED, ScratchPlace
from koonj.postgres.embedded.errors import EmbeddedError
from koonj.postgres.scratch.binaries import choose_binaries
from koonj.postgres.scratch.extensions import missing_extensions
from koonj.postgres.scratch.interface import ScratchError, ScratchServer
from koonj.postgres.scratch.named_server import NamedServerScratch
from koonj.postgres.scratch.own_server import ClusterScratch
from koonj.postgres.scratch.settings import DATABASE
from koonj.postgres.untrusted import must_trust


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
        chosen = choose_binaries(environ, major=major, extensions=extensions, prefer_major=prefer_major)
    except EmbeddedError as error:
        raise ScratchError(error.message, error.hint) from error
    return ClusterScratch(chosen, database, missing_extensions(chosen, extensions, environ))
