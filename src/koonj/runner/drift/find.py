"""Drift from the target to the differences: read, run the files on scratch, compare."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import MappingProxyType

import psycopg

from koonj.config import ScratchPlace, Target
from koonj.migrations.folder import Folder
from koonj.postgres.catalog.catalog import Catalog
from koonj.postgres.catalog.compare import compare, significant
from koonj.postgres.catalog.versions import comparable, without_owners
from koonj.postgres.connector import ConnectError, Connector
from koonj.postgres.errors import error_message
from koonj.postgres.scratch.choose import open_scratch
from koonj.postgres.scratch.interface import ScratchServer
from koonj.postgres.scratch.worker_thread import lost
from koonj.runner.drift.read_target import TargetSnapshot, read_target
from koonj.runner.drift.replay import Replay, Tell
from koonj.runner.drift.report import DriftError, DriftReport
from koonj.runner.rehearse.rehearsal_wording import other_major
from koonj.runner.rehearse.script_run import LostError
from koonj.runner.run.run import Control

_PUBLIC_CHANGED = 15
"""From which major on pg_database_owner has the schema public, and not whoever ran initdb."""

_ONE_SIDED = "what only one of them tells is left out"


def _nobody(_done: int, _of: int) -> None:
    """Nobody wants to hear how far it is."""


async def find_drift(
    connector: Connector,
    target: Target,
    folder: Folder,
    place: ScratchPlace,
    control: Control,
    *,
    major: int | None = None,
    tell: Tell = _nobody,
) -> DriftReport:
    """Compare `target` with what its applied migrations produce on a scratch, which is gone at the end.

    The target is only read. `major`: of the PostgreSQL to run them on; None: the target's, if there is one.
    Raises ConnectError, HistoryError, ScratchError, DriftError (all TargetError); Cancelled.
    """
    reality = await control.unless_cancelled(_read(connector, target, folder))
    server = await asyncio.to_thread(
        open_scratch,
        place,
        major=major,
        prefer_major=reality.server.major,
        extensions=_extensions(reality),
        database=reality.server.database,
    )
    try:
        control.check()
        replay = Replay(server, control, reality.scripts, reality.world, reality.server.database, tell)
        produced = await replay.catalog()
        if replay.refused:
            reality, produced = _without_owners(reality, produced, replay.refused)
        return await asyncio.to_thread(_compared, target.name, reality, server, produced)
    except LostError as error:
        control.check()
        raise DriftError(f"The scratch server was lost: {str(error).strip()}", "Try again.") from error
    except psycopg.Error as error:
        control.check()
        raise lost(error) from error
    finally:
        await asyncio.shield(server.close())


async def _read(connector: Connector, target: Target, folder: Folder) -> TargetSnapshot:
    """The target. Raises TargetError."""
    try:
        return await read_target(connector, target, folder)
    except psycopg.Error as error:
        message = error_message(error)
        hint = "The target could not be read to the end. Try again."
        raise ConnectError(message, hint, error.sqlstate) from error


def _extensions(reality: TargetSnapshot) -> frozenset[str]:
    """Those of the target that a script speaks of."""
    text = "\n".join(script.migration.text for script in reality.scripts).lower()
    names = (n.identity.strip('"') for n in reality.catalog.objects if n.kind == "extension")
    return frozenset(name for name in names if name.lower() in text)


def _compared(target: str, reality: TargetSnapshot, server: ScratchServer, produced: Catalog) -> DriftReport:
    has = reality.catalog
    ours, theirs = (_comparable(one, other) for one, other in ((produced, has), (has, produced)))
    return DriftReport(
        target=target,
        server=f"PostgreSQL {reality.server.version}",
        scratch=server.source,
        differences=significant(compare(ours, theirs)),
        notes=(*reality.notes, *other_major(target, has.major, server.major, _ONE_SIDED)),
        at=reality.at,
        migrations=len(reality.scripts),
        objects=len(theirs.objects),
    )


def _without_owners(
    reality: TargetSnapshot, produced: Catalog, refused: tuple[str, ...]
) -> tuple[TargetSnapshot, Catalog]:
    note = (
        f"The scratch does not let koonj act as {', '.join(refused)}: owners and default privileges are not "
        "compared."
    )
    kept = replace(reality, catalog=_ownerless(reality.catalog), notes=(*reality.notes, note))
    return kept, _ownerless(produced)


def _ownerless(catalog: Catalog) -> Catalog:
    objects = without_owners(catalog).objects.items()
    kept = {name: value for name, value in objects if name.kind != "default privileges"}
    return Catalog(catalog.major, MappingProxyType(kept))


def _comparable(catalog: Catalog, other: Catalog) -> Catalog:
    """Before 15 the schema public is owned by a superuser whose name differs from server to server."""
    least = _PUBLIC_CHANGED if catalog.major < _PUBLIC_CHANGED else 0
    return comparable(catalog, max(other.major, least))
