"""Find drift of a target.

Read the target, run its migrations on the scratch server, and compare the schemas.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

import psycopg

from koonj.config import ScratchPlace, Target
from koonj.migrations.folder import Folder
from koonj.postgres.catalog.catalog import Catalog
from koonj.postgres.catalog.compare import compare, significant
from koonj.postgres.catalog.versions import comparable, without_owners, without_public_owner
from koonj.postgres.connector import ConnectError, Connector
from koonj.postgres.errors import error_message
from koonj.postgres.scratch.choose import open_scratch
from koonj.postgres.scratch.interface import ScratchServer
from koonj.postgres.scratch.worker_thread import lost
from koonj.postgres.untrusted import must_trust
from koonj.runner.drift.read_target import TargetSnapshot, read_target
from koonj.runner.drift.replay import OnProgress, Replay
from koonj.runner.drift.report import DriftError, DriftReport
from koonj.runner.rehearse.events import WaitingForScratch
from koonj.runner.rehearse.rehearsal_wording import other_major
from koonj.runner.rehearse.script_run import LostError
from koonj.runner.rehearse.turn import take_turn
from koonj.runner.run.run import Control

_PUBLIC_OWNER_CHANGED = 15
"""First major version in which pg_database_owner owns the schema public.

    In older versions, the user who ran initdb owns it.
    """

_OMITTED_PARTS = "properties that only one version has are not compared"


def _ignore_progress(_done: int, _of: int) -> None:
    """Default of `on_progress`: do nothing."""


async def find_drift(
    connector: Connector,
    target: Target,
    folder: Folder,
    place: ScratchPlace,
    control: Control,
    *,
    major: int | None = None,
    on_progress: OnProgress = _ignore_progress,
    on_waiting: Callable[[WaitingForScratch], None] = lambda _: None,
) -> DriftReport:
    """Compare the schema of `target` with the one that its applied migrations produce.

    koonj runs the migrations on a scratch database, which is deleted at the end. The target is only read.
    `major`: major version of the PostgreSQL to run them on; None: the target's, if it is installed.
    `on_waiting`: called while another koonj process uses the scratch server.
    Raises: ConnectError, HistoryError, ScratchError, DriftError, UntrustedError (all are a TargetError);
    Cancelled.
    """
    must_trust(place, "A comparison runs the migrations that the target's history contains on this machine")
    snapshot = await control.unless_cancelled(_read(connector, target, folder))
    server = await asyncio.to_thread(
        open_scratch,
        place,
        major=major,
        prefer_major=snapshot.server.major,
        extensions=_extensions(snapshot),
        database=snapshot.server.database,
    )
    try:
        control.check()
        async for waiting in take_turn(server, control):
            on_waiting(waiting)
        replay = Replay(
            server, control, snapshot.scripts, snapshot.roles, snapshot.server.database, on_progress
        )
        expected = await replay.catalog()
        if replay.refused:
            snapshot, expected = _without_owners(snapshot, expected, replay.refused)
        return await asyncio.to_thread(_compare, target.name, snapshot, server, expected)
    except LostError as error:
        control.check()
        raise DriftError(
            f"The connection to the scratch server was lost: {str(error).strip()}", "Retry."
        ) from error
    except psycopg.Error as error:
        control.check()
        raise lost(error) from error
    finally:
        await asyncio.shield(server.close())


async def _read(connector: Connector, target: Target, folder: Folder) -> TargetSnapshot:
    """Read the target.

    Raises: TargetError.
    """
    try:
        return await read_target(connector, target, folder)
    except psycopg.Error as error:
        message = error_message(error)
        hint = "koonj could not read all of the target. Retry."
        raise ConnectError(message, hint, error.sqlstate) from error


def _extensions(snapshot: TargetSnapshot) -> frozenset[str]:
    """Return the extensions of the target whose names are in a script."""
    text = "\n".join(script.migration.text for script in snapshot.scripts).lower()
    names = (n.identity.strip('"') for n in snapshot.catalog.objects if n.kind == "extension")
    return frozenset(name for name in names if name.lower() in text)


def _compare(target: str, snapshot: TargetSnapshot, server: ScratchServer, expected: Catalog) -> DriftReport:
    actual = snapshot.catalog
    expected_part, actual_part = (
        _comparable(one, other) for one, other in ((expected, actual), (actual, expected))
    )
    return DriftReport(
        target=target,
        server=f"PostgreSQL {snapshot.server.version}",
        scratch=server.source,
        differences=significant(compare(expected_part, actual_part)),
        notes=(
            *snapshot.notes,
            *server.notes,
            *other_major(target, actual.major, server.major, _OMITTED_PARTS),
        ),
        at=snapshot.at,
        migrations=len(snapshot.scripts),
        objects=len(actual_part.objects),
    )


def _without_owners(
    snapshot: TargetSnapshot, expected: Catalog, refused: tuple[str, ...]
) -> tuple[TargetSnapshot, Catalog]:
    note = (
        f"The scratch server does not let koonj act as {', '.join(refused)}, so owners and default "
        "privileges are not compared."
    )
    changed = replace(
        snapshot, catalog=_without_owners_and_defaults(snapshot.catalog), notes=(*snapshot.notes, note)
    )
    return changed, _without_owners_and_defaults(expected)


def _without_owners_and_defaults(catalog: Catalog) -> Catalog:
    objects = without_owners(catalog).objects.items()
    changed = {name: value for name, value in objects if name.kind != "default privileges"}
    return Catalog(catalog.major, MappingProxyType(changed))


def _comparable(catalog: Catalog, other: Catalog) -> Catalog:
    """Return `catalog` without properties that cannot be compared with `other`.

    Before PostgreSQL 15, the owner of the schema public is a superuser whose name depends on the server.
    """
    found = comparable(catalog, other.major)
    return without_public_owner(found) if catalog.major < _PUBLIC_OWNER_CHANGED else found
