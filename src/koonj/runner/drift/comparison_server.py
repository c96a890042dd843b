"""The scratch server on which the scripts of a target run, to compare their schema with the target's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import psycopg

from koonj.config import ScratchPlace
from koonj.postgres.catalog.catalog import Catalog
from koonj.postgres.scratch.choose import open_scratch
from koonj.postgres.scratch.interface import ScratchServer
from koonj.postgres.scratch.worker_thread import lost
from koonj.runner.drift.read_target import AppliedScript, TargetSnapshot
from koonj.runner.drift.report import DriftError
from koonj.runner.rehearse.events import WaitingForScratch
from koonj.runner.rehearse.script_run import LostError
from koonj.runner.rehearse.turn import take_turn
from koonj.runner.run.run import Control


@asynccontextmanager
async def comparison_server(
    snapshot: TargetSnapshot,
    scripts: Sequence[AppliedScript],
    place: ScratchPlace,
    control: Control,
    major: int | None,
    on_waiting: Callable[[WaitingForScratch], None],
) -> AsyncIterator[ScratchServer]:
    """Open a scratch server for `scripts`, of the target's version if there is one, and close it.

    Raises: ScratchError, UntrustedError, DriftError, Cancelled.
    """
    server = await asyncio.to_thread(
        open_scratch,
        place,
        major=major,
        prefer_major=snapshot.server.major,
        extensions=_extensions(scripts, snapshot.catalog),
        database=snapshot.server.database,
    )
    try:
        control.check()
        async for waiting in take_turn(server, control):
            on_waiting(waiting)
        yield server
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


def _extensions(scripts: Sequence[AppliedScript], catalog: Catalog) -> frozenset[str]:
    """Return the extensions of the target whose names are in a script."""
    text = "\n".join(script.migration.text for script in scripts).lower()
    names = (n.identity.strip('"') for n in catalog.objects if n.kind == "extension")
    return frozenset(name for name in names if name.lower() in text)
