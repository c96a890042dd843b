"""Find the runs of this folder that have a journal: follow the one in progress, show the last one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from textual.dom import DOMNode

from koonj.tui.state.fleet_events import fold_run
from koonj.tui.state.fleet_run import new_fleet_view
from koonj.tui.state.messages import RunFound, StatusMessage
from koonj.tui.state.run import RunView
from koonj.tui.toolkit.tasks import Work, start_task
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.runs import RunControl

if TYPE_CHECKING:
    from koonj.runner.process.journal_head import JournalHead
    from koonj.runner.process.journal_reader import KnownRun
    from koonj.runner.run.events import Event


class PastRuns:
    """Runs of this folder that other processes carry out, or that ended before this screen was opened."""

    def __init__(self, node: DOMNode, backend: Backend, control: RunControl) -> None:
        """`node` receives the messages; when it is removed, all work ends."""
        self._node = node
        self._backend = backend
        self._control = control
        self._last: KnownRun | None = None
        """Newest run, whose log was not read yet."""
        self._announced = ""
        self._turn = asyncio.Lock()

    def start(self) -> None:
        """Follow the run that is in progress, or tell how one ended that nobody has watched."""
        if self._backend.moves_runs:
            self._begin(self._start)

    def open(self) -> None:
        """Follow the run that is in progress, or read the log of the last one, unless that was done."""
        if self._backend.moves_runs and not self._control.running:
            self._begin(self._open)

    def announce(self) -> None:
        """Say how to follow the run that another terminal of this user has started."""
        if self._backend.moves_runs and not self._control.running:
            self._begin(self._announce)

    def forget(self) -> None:
        """Do not show the last run any more: a new one was started."""
        self._last = None

    def _begin(self, work: Work) -> None:
        """Do `work` after what was begun before, which can be all that tells of a result nobody saw."""

        async def in_turn() -> None:
            async with self._turn:
                await work()

        start_task(self._node, in_turn, "past runs")

    async def _start(self) -> None:
        runs = await self._runs()
        unseen = [run for run in runs if not run.is_in_progress and not run.is_seen]
        if not self._follow(runs) and unseen:
            view = await asyncio.to_thread(read_view, unseen[0], unseen[1:])
            self._node.post_message(RunFound(view))
            self._node.post_message(StatusMessage(_told(unseen)))
        elif runs and not self._control.running:
            self._last = runs[0]
            self._node.post_message(RunFound(await asyncio.to_thread(view_of_head, runs[0])))

    async def _open(self) -> None:
        last = self._last
        if not self._follow(await self._runs()) and last is not None:
            self._last = None
            self._node.post_message(RunFound((await asyncio.to_thread(read_view, last)).close()))

    async def _announce(self) -> None:
        live = _live(await self._runs())
        if live is not None and live.id != self._announced and not self._control.running:
            self._announced = live.id
            text = f"{live.head.user} runs koonj in this folder. To follow the run, press 4."
            self._node.post_message(StatusMessage(text))

    def _follow(self, runs: list[KnownRun]) -> bool:
        """Follow the run that is in progress; return whether there is one."""
        live = _live(runs)
        if live is not None and not self._control.running:
            self._control.follow(live)
        return live is not None

    async def _runs(self) -> list[KnownRun]:
        return await asyncio.to_thread(runs_of, self._backend.settings.migrations)


def runs_of(migrations: Path) -> list[KnownRun]:
    """Return the runs of a folder that are in progress or have ended on this machine, newest first.

    A run on several targets is one of them; its parts are not, because it shows them.
    """
    from koonj.runner.process.journal_head import folder_hash  # noqa: PLC0415 - not needed for the first paint
    from koonj.runner.process.journal_reader import known_runs  # noqa: PLC0415 - as above

    wanted = folder_hash(migrations)
    here = [run for run in known_runs() if run.head.folder_hash == wanted]
    fleets = {run.id for run in here if run.head.targets}
    return [
        run
        for run in here
        if run.head.fleet not in fleets and (run.alive is not None or run.head.result is not None)
    ]


def _live(runs: list[KnownRun]) -> KnownRun | None:
    return next((run for run in runs if run.is_in_progress), None)


def view_of_head(run: KnownRun) -> RunView:
    """Return the closed result of a run that has ended, without its log."""
    from koonj.runner.run.events import RunFinished  # noqa: PLC0415 - as above
    from koonj.runner.run.fleet_events import FleetFinished  # noqa: PLC0415 - as above

    head = run.head
    if head.result is None or head.ended is None:
        return read_view(run).close()
    finished = FleetFinished if head.targets else RunFinished
    return fold_run(_opened(head), (finished(head.result, head.message, at=head.ended),)).close()


def _opened(head: JournalHead) -> RunView:
    started = head.started.timestamp()
    if head.targets:
        return new_fleet_view(head.targets, head.direction, started)
    return RunView(head.target, head.direction, started, settling=head.settles)


def read_view(run: KnownRun, also_seen: list[KnownRun] | None = None) -> RunView:
    """Return a run that has ended, with its log. From now on it, and those of `also_seen`, are seen."""
    from koonj.runner.process.folders import mark_seen  # noqa: PLC0415 - as above
    from koonj.runner.process.followed_run import FollowedRun  # noqa: PLC0415 - as above

    async def events() -> list[Event]:
        return [event async for event in FollowedRun(run.files, run.head).events()]

    head = run.head
    view = fold_run(_opened(head), asyncio.run(events()))
    for other in also_seen or ():
        mark_seen(other.files)
    return view


def journal_view(run_id: str) -> RunView | None:
    """Return what the journal of a run says, in any thread; None if this machine has none.

    The run does not count as seen: its end was not what the user asked for.

    Raises: OSError.
    """
    from koonj.postgres.run_name import SHORT_ID  # noqa: PLC0415 - as above
    from koonj.runner.process.journal_reader import JournalReader, known_run  # noqa: PLC0415 - as above

    run = known_run(run_id[:SHORT_ID])
    if run is None or run.id != run_id:
        return None
    with JournalReader(run.files) as reader:
        events = tuple(reader.new_events())
    return fold_run(RunView(run.head.target, run.head.direction, run.head.started.timestamp()), events)


def _told(unseen: list[KnownRun]) -> str:
    more = len(unseen) - 1
    text = "This run ended while nobody watched it. To read its log, press 4."
    return text if not more else f"{text} {more} more ended unseen."
