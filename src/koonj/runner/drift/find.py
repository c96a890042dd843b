"""Find drift of a target.

Read the target, run its migrations on the scratch server, and compare the schemas.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import psycopg

from koonj.config import ScratchPlace, Target
from koonj.migrations.folder import Folder
from koonj.postgres.catalog.catalog import Catalog
from koonj.postgres.catalog.compare import compare, significant
from koonj.postgres.connector import ConnectError, Connector
from koonj.postgres.errors import error_message
from koonj.postgres.scratch.interface import ScratchServer
from koonj.postgres.untrusted import must_trust
from koonj.runner.drift.comparison import (
    comparable_pair,
    not_as_owner,
    without_history,
    without_owners_and_defaults,
)
from koonj.runner.drift.comparison_server import comparison_server
from koonj.runner.drift.read_target import TargetSnapshot, read_target
from koonj.runner.drift.replay import OnProgress, Replay
from koonj.runner.drift.report import DriftReport
from koonj.runner.rehearse.events import WaitingForScratch
from koonj.runner.rehearse.rehearsal_wording import other_major
from koonj.runner.run.run import Control

OMITTED_PARTS = "properties that only one version has are not compared"


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
    snapshot = await control.unless_cancelled(read_whole_target(connector, target, folder))
    async with comparison_server(snapshot, snapshot.scripts, place, control, major, on_waiting) as server:
        replay = Replay(
            server, control, snapshot.scripts, snapshot.roles, snapshot.server.database, on_progress
        )
        expected = await replay.catalog()
        if replay.refused:
            snapshot, expected = _without_owners(snapshot, expected, replay.refused)
        return await asyncio.to_thread(_compare, target.name, snapshot, server, expected)


async def read_whole_target(
    connector: Connector, target: Target, folder: Folder, *, name: str = "koonj drift"
) -> TargetSnapshot:
    """Read the target.

    Raises: TargetError.
    """
    try:
        return await read_target(connector, target, folder, name=name)
    except psycopg.Error as error:
        message = error_message(error)
        hint = "koonj could not read all of the target. Retry."
        raise ConnectError(message, hint, error.sqlstate) from error


def _compare(target: str, snapshot: TargetSnapshot, server: ScratchServer, expected: Catalog) -> DriftReport:
    actual = without_history(snapshot.catalog, snapshot.places, expected)
    expected_part, actual_part = comparable_pair(expected, actual)
    nothing = f"No migration is applied on {target}, so everything in it counts as drift."
    return DriftReport(
        target=target,
        server=f"PostgreSQL {snapshot.server.version}",
        scratch=server.source,
        differences=significant(compare(expected_part, actual_part)),
        notes=(
            *([] if snapshot.scripts else [nothing]),
            *snapshot.notes,
            *server.notes,
            *other_major(target, actual.major, server.major, OMITTED_PARTS),
        ),
        at=snapshot.at,
        migrations=len(snapshot.scripts),
        objects=len(actual_part.objects),
    )


def _without_owners(
    snapshot: TargetSnapshot, expected: Catalog, refused: tuple[str, ...]
) -> tuple[TargetSnapshot, Catalog]:
    note = not_as_owner(refused)
    changed = replace(
        snapshot, catalog=without_owners_and_defaults(snapshot.catalog), notes=(*snapshot.notes, note)
    )
    return changed, without_owners_and_defaults(expected)
