"""Read cached verdicts without the engine of the rehearsals: for a run that nobody wants to wait for."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from contextlib import suppress

from koonj.config import EMBEDDED, ScratchPlace
from koonj.migrations.folder import Folder
from koonj.postgres.embedded.errors import EmbeddedError
from koonj.postgres.errors import TargetError
from koonj.runner.rehearse.cache import VerdictCache, make_chain, server_needs
from koonj.runner.rehearse.verdict import Rehearsal


def cached_verdicts(
    folder: Folder,
    names: Collection[str],
    place: ScratchPlace,
    *,
    database: str,
    target_major: int,
    environ: Mapping[str, str] = os.environ,
) -> Mapping[str, Rehearsal]:
    """Return the cached verdicts on these files, by name. Blocking; starts no server.

    Of a configured scratch server, they depend on its version, so it would have to be asked: then none.
    """
    cache = None if _is_configured(place) else VerdictCache.if_filled()
    if cache is None:
        return {}
    from koonj.postgres.scratch.binaries import choose_binaries  # noqa: PLC0415 - only if there is a cache

    extensions, start = server_needs(folder.migrations, database)
    with suppress(TargetError, EmbeddedError):
        server = choose_binaries(environ, extensions=extensions, prefer_major=target_major).description
        chain = make_chain(folder.migrations, server=server, start=start)
        wanted = (k for k, migration in enumerate(chain.migrations) if migration.name in names)
        found = (cache.read(chain.key(k)) for k in wanted)
        return {verdict.name: verdict for verdict in found if verdict is not None}
    return {}


def _is_configured(place: ScratchPlace) -> bool:
    return place.dsn is not None and place.dsn != EMBEDDED
