"""The screen's one door to folder, targets and runs. What connects is imported when it is first needed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from koonj.config import Settings, Target
from koonj.tui.workers.subprocesses import PROGRAM, Subprocesses

if TYPE_CHECKING:
    from koonj.migrations.folder import Folder, FolderReader
    from koonj.migrations.history_entry import HistoryEntry
    from koonj.postgres.connector import Connector
    from koonj.runner.drift.report import DriftReport
    from koonj.runner.run.events import Event
    from koonj.runner.run.request import Request
    from koonj.runner.run.run import Run
    from koonj.runner.target.status import TargetStatus


class Backend:
    """Reads the folder, asks targets, starts runs; holds the connector for as long as the screen lives."""

    def __init__(
        self, settings: Settings, *, rehearses: bool = False, program: Sequence[str] = PROGRAM
    ) -> None:
        """`rehearses`: also while nobody asks for it. `program` is koonj's command, with which it is done."""
        self.settings = settings
        self.rehearses = rehearses
        self._children = Subprocesses(settings.root, program)
        self._reader: FolderReader | None = None
        self._reading = asyncio.Lock()
        self._connecting = asyncio.Lock()
        self._connector: Connector | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._children.close()
        if self._connector is not None:
            await self._connector.close()

    async def read_folder(self) -> Folder:
        """The folder as it is now; what did not change is not read again. Raises FolderError, OSError."""
        async with self._reading:
            if self._reader is None:
                self._reader = await asyncio.to_thread(_reader, self.settings.migrations)
            return await asyncio.to_thread(self._reader.read)

    async def ask(self, target: Target, folder: Folder) -> TargetStatus:
        """What `target` says of itself and of `folder`'s migrations. It changes nothing there."""
        connector = await self._connect()
        from koonj.runner.target.status import read_status  # noqa: PLC0415 - brings psycopg

        return await read_status(connector, target, folder)

    async def unknown(self, target: Target, error: str) -> TargetStatus:
        """The status of a target of which nothing could be learned."""
        await self._connect()
        from koonj.postgres.connector import safe_dsn  # noqa: PLC0415 - brings psycopg
        from koonj.runner.target.status import TargetStatus  # noqa: PLC0415 - brings psycopg

        return TargetStatus(
            target=target.name,
            dsn=safe_dsn(target),
            protected=target.protected,
            server=None,
            error=error,
            hint="Is the server reachable from here? R asks again.",
            has_history=False,
            migrations=(),
        )

    async def start(self, target: Target, request: Request) -> Run:
        """Make a run of `request`; it begins when its events are read."""
        connector = await self._connect()
        from koonj.runner.start import start  # noqa: PLC0415 - brings psycopg

        reader = _reader(self.settings.migrations)
        return start(connector, target, reader, request, self.settings.scratch)

    async def recorded_text(self, target: Target, entry_id: int) -> str | None:
        """The text that history recorded with an entry; None where there is no such entry."""
        connector = await self._connect()
        from koonj.runner.target.history import recorded_text  # noqa: PLC0415 - brings psycopg

        return await recorded_text(connector, target, entry_id)

    async def history(self, target: Target, name: str) -> tuple[HistoryEntry, ...]:
        """Every entry on one migration, oldest first. Raises TargetError."""
        connector = await self._connect()
        from koonj.runner.target.history import read_history  # noqa: PLC0415 - brings psycopg

        return await read_history(connector, target, name)

    async def rehearse(
        self, target: Target, names: Sequence[str], *, again: bool = False, major: int | None = None
    ) -> AsyncGenerator[Event, None]:
        """What a rehearsal of these files says, in a process of its own at the lowest priority.

        `target` is the one that they are for; nothing of it is touched. `again`: also of those whose verdict
        is known. `major`: of the target's server. Raises OSError, or SubprocessError where it broke off.
        """
        from koonj.tui.workers.child_events import rehearsal_events  # noqa: PLC0415 - not needed at the start

        words = ["rehearse", "--json", "--idle", *(["--again"] if again else []), *self._where(target)]
        words += [] if major is None else ["--target-pg", str(major)]
        async with (
            self._children.started(*words, *names) as said,
            aclosing(rehearsal_events(said)) as events,
        ):
            async for event in events:
                yield event

    async def drift(self, target: Target) -> DriftReport:
        """How `target`'s catalog differs from what its applied files produce.

        Raises OSError, SubprocessError.
        """
        from koonj.tui.workers.child_events import drift_of  # noqa: PLC0415 - not needed at the start

        async with self._children.started("drift", "--json", *self._where(target)) as said:
            return await drift_of(said)

    def _where(self, target: Target) -> Sequence[str]:
        """The options with which the command finds the same folder and target."""
        folder = ("--migrations", str(self.settings.migrations))
        if target.declared:
            return (*folder, "--target", target.name)
        # Where it is of the environment, that is the command's too, and a secret in it stays there.
        return (*folder, "--dsn", target.dsn) if target.name == "dsn" else folder

    async def _connect(self) -> Connector:
        async with self._connecting:
            if self._connector is None:
                # Importing psycopg takes a third of a second: not in the thread that paints.
                await asyncio.to_thread(import_module, "koonj.runner.start")
                await asyncio.to_thread(import_module, "koonj.runner.target.status")
                from koonj.postgres.connector import Connector  # noqa: PLC0415 - as above

                self._connector = Connector()
            return self._connector


def _reader(path: Path) -> FolderReader:
    from koonj.migrations.folder import FolderReader  # noqa: PLC0415 - the first paint does not wait for it

    return FolderReader(path)
