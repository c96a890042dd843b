"""Connect the screen to the migrations folder, the targets and the runs.

Modules that connect to a server are imported when they are first needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Coroutine, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from importlib import import_module
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from koonj.config import Settings, Target
from koonj.tui.workers.child_words import drift_words, dsn_option, rehearse_words
from koonj.tui.workers.late_imports import folder_reader, import_runs, read_folder
from koonj.tui.workers.reading_thread import ReadingThread
from koonj.tui.workers.subprocesses import PROGRAM, Subprocesses

if TYPE_CHECKING:
    from koonj.migrations.folder import Folder, FolderReader
    from koonj.migrations.history_entry import HistoryEntry
    from koonj.postgres.blockers import Blocker
    from koonj.postgres.blocking_sessions import BlockingSession
    from koonj.postgres.connector import Connector
    from koonj.postgres.history_page import HistoryPage
    from koonj.postgres.kept_passwords import KeptPasswords
    from koonj.postgres.tunnel.questions import Ask
    from koonj.runner.drift.report import DriftReport
    from koonj.runner.process.journal_reader import KnownRun
    from koonj.runner.run.events import Event
    from koonj.runner.run.request import Request
    from koonj.runner.run.run import Run
    from koonj.runner.settle import InterruptedMigration, Settlement
    from koonj.runner.target.renumbering import Renumbering
    from koonj.runner.target.restoration import Restoration
    from koonj.runner.target.status import TargetStatus
    from koonj.tui.workers.moving_run import MovingRun

Result = TypeVar("Result")

KEPT_SECONDS = 60.0
"""How long a connection to a target is kept for the next read."""

CLOSING_SECONDS = 5.0
"""How long the end of the screen waits for the reads of targets."""


class Backend:
    """Access of the screen to the folder, the targets and the runs.

    Holds the connectors while the screen is open.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        rehearses: bool = False,
        moves_runs: bool = False,
        program: Sequence[str] = PROGRAM,
        run_program: Sequence[str] | None = None,
    ) -> None:
        """Take the settings; connect to nothing yet.

        `rehearses`: whether pending and edited migrations are rehearsed in the background. `program` is the
        koonj command that rehearses and compares. `moves_runs`: whether a run continues in a process of its
        own after the user's yes, with the command `run_program`.
        """
        self.settings = settings
        self.rehearses = rehearses
        self.moves_runs = moves_runs
        self._run_program = run_program
        self._moving: MovingRun | None = None
        self.following: Run | None = None
        """The run in progress."""
        self._children = Subprocesses(settings.root, program)
        self._reader: FolderReader | None = None
        self._reading = asyncio.Lock()
        self._reads = ReadingThread()
        self._reader_connector: Connector | None = None
        """For reads, in their thread."""
        self._connector: Connector | None = None
        """For runs."""
        self._passwords: KeptPasswords | None = None  # of both connectors
        self._first = Lock()
        self._preparing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._children.close()
        if self._moving is not None:
            await self._moving.close()
        if self._preparing is not None:
            self._preparing.cancel()
            await asyncio.wait((self._preparing,))
        with suppress(TimeoutError):  # a thread that parses a large folder ends with the process
            async with asyncio.timeout(CLOSING_SECONDS):
                if self._reader_connector is not None:
                    await self._reads.run(self._reader_connector.close)
                await self._reads.close()
        if self._connector is not None:
            await self._connector.close()

    async def read_folder(self) -> Folder:
        """Return the folder as it is now. Files that did not change are not read again.

        Raises: FolderError, OSError.
        """
        async with self._reading:
            if self._reader is None:
                self._reader = await asyncio.to_thread(
                    folder_reader, self.settings.migrations, self.settings.layout
                )
            return await asyncio.to_thread(read_folder, self._reader)

    async def read_status(self, target: Target, folder: Folder, ask: Ask | None = None) -> TargetStatus:
        """Return the status of `target` and of `folder`'s migrations on it.

        Changes nothing there. `ask`: asks the user what ssh asks; without it, ssh asks nothing.
        """

        async def read() -> TargetStatus:
            from koonj.runner.target.status import read_status  # noqa: PLC0415 - brings psycopg

            connector = self._reading_connector()
            if ask is None or target.ssh is None or not target.trusted:
                return await read_status(connector, target, folder)
            with connector.tunnels(target).letting_ssh_ask(target, ask):
                return await read_status(connector, target, folder)

        status = await self._reads.run(read)
        self._prepare_runs()
        return status

    async def error_status(self, target: Target, error: str) -> TargetStatus:
        """Return the status of a target that cannot be read, with `error` as the reason."""
        await asyncio.to_thread(import_module, "koonj.runner.target.status")
        from koonj.postgres.connection_string import safe_dsn  # noqa: PLC0415 - brings psycopg
        from koonj.runner.target.status import UNREAD, TargetStatus  # noqa: PLC0415 - brings psycopg

        return TargetStatus(
            target=target.name,
            dsn=safe_dsn(target),
            protected=target.protected,
            server=None,
            error=error,
            hint=UNREAD,
            has_history=False,
            migrations=(),
        )

    async def trust(self) -> None:
        """Trust the folder, and remember that.

        Raises: UserFolderError.
        """
        from koonj import trusted_folders  # noqa: PLC0415 - most users trust their folder already

        trust = self.settings.trust
        await asyncio.to_thread(trusted_folders.trust, trust.folders, trust.commands_hash)
        self.settings = self.settings.trusting(replace(trust, given=True))

    async def start_run(self, target: Target, request: Request) -> Run:
        """Return a run of `request`. It starts when its events are read."""
        await asyncio.shield(self._prepare_runs())
        from koonj.postgres.connector import Connector  # noqa: PLC0415 - brings psycopg
        from koonj.runner.start import Preparation, start  # noqa: PLC0415 - brings psycopg

        if self._connector is None:
            self._connector = Connector(passwords=self._shared_passwords())
        reader = folder_reader(self.settings.migrations, self.settings.layout)
        if not self.moves_runs:
            return start(self._connector, target, reader, request, self.settings.scratch)
        from koonj.runner.preparation import Job  # noqa: PLC0415 - brings psycopg
        from koonj.tui.workers.moving_run import prepared_run  # noqa: PLC0415 - brings psycopg

        job = Job(self._connector, target, reader, request, self.settings.scratch)
        self._moving = prepared_run(Preparation(job), self._connector, self._run_program)
        return self._moving

    async def follow_run(self, known: KnownRun) -> Run:
        """Return a run in another process.

        Raises: OSError.
        """
        from koonj.tui.workers.watched_run import watched_run  # noqa: PLC0415 - not needed for the first paint

        return await asyncio.to_thread(watched_run, known)

    def part_of_run(self, run_id: str) -> Run | None:
        """Return the run on one of several targets, in any thread; None if it has no journal here."""
        from koonj.postgres.run_name import SHORT_ID  # noqa: PLC0415 - not needed for the first paint
        from koonj.runner.process.followed_run import FollowedRun  # noqa: PLC0415 - as above
        from koonj.runner.process.journal_reader import known_run  # noqa: PLC0415 - as above

        known = known_run(run_id[:SHORT_ID])
        return None if known is None or known.id != run_id else FollowedRun(known.files, known.head)

    async def read_interruption(self, target: Target, folder: Folder, name: str) -> InterruptedMigration:
        """Return what is known of the migration `name`, which was interrupted. Changes nothing.

        Raises: TargetError, psycopg.Error.
        """

        async def read() -> InterruptedMigration:
            from koonj.runner.settle import read_interrupted  # noqa: PLC0415 - brings psycopg

            return await read_interrupted(self._reading_connector(), target, folder, name)

        return await self._reads.run(read)

    async def plan_renumbering(
        self, folder: Folder, names: Collection[str], skipped: Collection[str] = ()
    ) -> Renumbering:
        """Return the next free numbers for files, if no known target has applied them. Changes nothing.

        Raises: RenameError.
        """

        async def read() -> Renumbering:
            from koonj.runner.target.renumbering import plan_renumbering  # noqa: PLC0415 - brings psycopg

            connector, targets = self._reading_connector(), self.settings.targets
            return await plan_renumbering(connector, targets, folder, names, skipped=skipped)

        return await self._reads.run(read)

    async def must_be_unused(
        self, folder: Folder, names: Collection[str], skipped: Collection[str] = ()
    ) -> None:
        """Check that no known target has applied or started one of the files.

        Raises: RenameError.
        """

        async def read() -> None:
            from koonj.runner.target.renumbering import unused_on  # noqa: PLC0415 - brings psycopg

            connector, targets = self._reading_connector(), self.settings.targets
            await unused_on(connector, targets, folder, names, skipped=skipped)

        await self._reads.run(read)

    async def read_restoration(self, target: Target, folder: Folder, number: int, name: str) -> Restoration:
        """Return the text that the target has recorded for a file that differs from it. Changes nothing.

        Raises: RestoreError, TargetError, psycopg.Error.
        """

        async def read() -> Restoration:
            from koonj.runner.target.restoration import read_restoration  # noqa: PLC0415 - brings psycopg

            return await read_restoration(self._reading_connector(), target, folder, number, name)

        return await self._reads.run(read)

    async def read_blocking_sessions(
        self, target: Target, blockers: Sequence[Blocker]
    ) -> tuple[BlockingSession, ...]:
        """Return the sessions that a run has named as they are now, and what can be done about each.

        Raises: TargetError, psycopg.Error.
        """

        async def read() -> tuple[BlockingSession, ...]:
            from koonj.runner.target.obstruction import read_blocking_sessions  # noqa: PLC0415 - brings psycopg

            return await read_blocking_sessions(self._reading_connector(), target, blockers)

        return await self._reads.run(read)

    async def start_settlement(
        self, target: Target, shown: InterruptedMigration, settlement: Settlement
    ) -> Run:
        """Return a run that carries out a decision. It starts when its events are read.

        Raises: SettleError.
        """
        from koonj.postgres.connector import Connector  # noqa: PLC0415 - brings psycopg
        from koonj.runner.settle import confirmed_settlement, movable_settlement  # noqa: PLC0415 - as above

        if self._connector is None:
            self._connector = Connector(passwords=self._shared_passwords())
        confirmed = confirmed_settlement(target, self.settings.migrations, shown, settlement)
        if not self.moves_runs:
            return movable_settlement(confirmed).carry_out(self._connector)
        from koonj.tui.workers.moving_run import settling_run  # noqa: PLC0415 - as above

        self._moving = settling_run(confirmed, self._connector, self._run_program)
        return self._moving

    async def recorded_text(self, target: Target, entry_id: int) -> str | None:
        """Return the text that a history entry recorded; None if there is no such entry."""

        async def read() -> str | None:
            from koonj.runner.target.history import recorded_text  # noqa: PLC0415 - brings psycopg

            return await recorded_text(self._reading_connector(), target, entry_id)

        return await self._reads.run(read)

    async def history(self, target: Target, name: str) -> tuple[HistoryEntry, ...]:
        """Return all history entries of one migration, oldest first. Raises: TargetError."""

        async def read() -> tuple[HistoryEntry, ...]:
            from koonj.runner.target.history import read_history  # noqa: PLC0415 - brings psycopg

            return await read_history(self._reading_connector(), target, name)

        return await self._reads.run(read)

    async def history_page(self, target: Target, limit: int, below: int | None) -> HistoryPage:
        """Return the newest `limit` history entries whose id is below `below`. Raises: TargetError."""

        async def read() -> HistoryPage:
            from koonj.runner.target.history import read_history_page  # noqa: PLC0415 - as above

            return await read_history_page(self._reading_connector(), target, limit, below)

        return await self._reads.run(read)

    async def rehearse(
        self,
        target: Target,
        names: Sequence[str],
        *,
        again: bool = False,
        cached_only: bool = False,
        major: int | None = None,
    ) -> AsyncGenerator[Event, None]:
        """Yield the events of a rehearsal of these files.

        It runs in a process of its own with the lowest priority. `target` is the target that the verdicts are
        for; koonj changes nothing on it. `again`: also rehearse files whose verdict is known. `cached_only`:
        rehearse nothing. `major`: the major version of the target's server.

        Raises: OSError, or SubprocessError if the process ended without a result.
        """
        from koonj.tui.workers.child_events import rehearsal_events  # noqa: PLC0415 - not needed for the first paint

        words = rehearse_words(self.settings, target, again=again, cached_only=cached_only, major=major)
        async with (
            self._children.run(*words, *names, dsn=dsn_option(target)) as output,
            aclosing(rehearsal_events(output)) as events,
        ):
            async for event in events:
                yield event

    async def drift(self, target: Target) -> DriftReport:
        """Return how `target`'s schema differs from its applied migrations.

        Raises: OSError, SubprocessError.
        """
        from koonj.tui.workers.child_events import read_drift  # noqa: PLC0415 - not needed for the first paint

        words = drift_words(self.settings, target)
        async with self._children.run(*words, dsn=dsn_option(target)) as output:
            return await read_drift(output)

    def _prepare_runs(self) -> asyncio.Task[None]:
        """Import what a run needs, once, in a thread; the first states do not wait for it."""
        if self._preparing is None:
            self._preparing = asyncio.create_task(asyncio.to_thread(import_runs))
        return self._preparing

    async def read_with(self, read: Callable[[Connector], Coroutine[Any, Any, Result]]) -> Result:
        """Return what `read` reads with the connector of the reads, in their thread."""
        return await self._reads.run(lambda: read(self._reading_connector()))

    def _shared_passwords(self) -> KeptPasswords:
        from koonj.postgres.kept_passwords import KeptPasswords  # noqa: PLC0415 - not for the first paint

        with self._first:  # the thread of the reads, or this one
            self._passwords = self._passwords or KeptPasswords()
            return self._passwords

    def _reading_connector(self) -> Connector:
        """Return the connector of the reads. Only for their thread, which also imports psycopg."""
        from koonj.postgres.connector import Connector  # noqa: PLC0415 - as above

        if self._reader_connector is None:
            self._reader_connector = Connector(keep=KEPT_SECONDS, passwords=self._shared_passwords())
        return self._reader_connector
