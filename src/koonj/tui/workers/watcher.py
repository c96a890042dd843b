"""Watching folder and targets: what is slow happens here, beside the screen, and ends as a message to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from textual.dom import DOMNode

from koonj.config import EMBEDDED, Target
from koonj.humanize import span_words
from koonj.migrations.branch import branch as read_branch
from koonj.migrations.folder import Folder, FolderError
from koonj.tui.state.messages import BranchRead, FolderLost, FolderRead, TargetAnswered, TargetAsked
from koonj.tui.state.snapshot import Check, Snapshot
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.workers.backend import Backend

if TYPE_CHECKING:
    from koonj.runner.target.status import TargetStatus

LOOK = 2.0
"""Seconds between two looks at the folder: a `stat` of each file."""
AGAIN = 10.0
"""Seconds between two questions to the chosen target, which nobody asked for."""
FOLLOW = 2.0
"""The same, while another's run goes on there."""
LONGEST = 60.0
"""Seconds between two such questions at most: a server that was away is found again."""
MODEST = 30
"""How many times as long as it took koonj waits before it looks or asks again."""
PATIENCE = 20.0
"""Seconds that a target has for its answer."""
FIRST_START = 90.0
"""Seconds for the embedded server, which may have to make its data folder first."""


class Watcher:
    """Looks at the folder all the time, and asks targets when told to, each in a worker of its own."""

    def __init__(
        self,
        node: DOMNode,
        engine: Backend,
        snapshot: Callable[[], Snapshot],
        is_running: Callable[[], bool],
    ) -> None:
        """`node` gets the messages, and ends all work with itself."""
        self._node = node
        self._engine = engine
        self._snapshot = snapshot
        self._is_running = is_running
        self._folder: Folder | None = None
        self._branch: str | None = None
        self._looking = False

    def start(self) -> None:
        """Begin to look; ask about what is known of the folder already."""
        self._folder = self._snapshot().folder
        self.ask_all()
        start_task(self._node, self._keep_looking, "looking")
        start_task(self._node, self._keep_asking, "asking")

    def look(self) -> None:
        """Read the folder in a thread, unless that is being done."""
        start_task(self._node, self._look, "folder")

    def ask_all(self) -> None:
        """Ask every target, side by side."""
        for target in self._snapshot().settings.targets:
            self.ask(target)

    def ask(self, target: Target) -> None:
        """Ask one target; an earlier question to it is dropped."""
        if self._folder is not None:
            self._node.post_message(TargetAsked(target.name, monotonic()))
            work = partial(self._ask, target, self._folder)
            start_task(self._node, work, f"target {target.name}", exclusive=True)

    async def _keep_looking(self) -> None:
        """A large folder is looked at less often: it may take a thirtieth of the time."""
        while True:
            begun = monotonic()
            await self._look()
            await asyncio.sleep(max(LOOK, MODEST * (monotonic() - begun)))

    async def _look(self) -> None:
        if self._looking:
            return
        self._looking = True
        try:
            folder = await self._engine.read_folder()
        except (FolderError, OSError) as error:
            self._folder = None
            self._node.post_message(FolderLost(str(error)))
        else:
            if folder != self._folder:
                self._folder = folder
                self._node.post_message(FolderRead(folder))
            await self._look_at_branch()
        finally:
            self._looking = False

    async def _look_at_branch(self) -> None:
        """A checkout changes files and branch; the branch is two small files of git's."""
        branch = await asyncio.to_thread(read_branch, self._engine.settings.migrations)
        if branch != self._branch:
            self._branch = branch
            self._node.post_message(BranchRead(branch))

    async def _keep_asking(self) -> None:
        """What others do to the chosen target is seen without a key; what did not change writes nothing."""
        took = 0.0
        while True:
            await asyncio.sleep(max(self._pause(), min(MODEST * took, LONGEST)))
            check = self._snapshot().check
            if self._folder is None or check.status is None or self._is_busy(check):
                continue
            begun = monotonic()
            status = await self._answer(check.target, self._folder)
            took = monotonic() - begun
            if await asyncio.to_thread(is_news, check.status, status):
                self._node.post_message(TargetAnswered(check.target.name, status, before=check.status))

    def _pause(self) -> float:
        """Another's run is followed more closely."""
        status = self._snapshot().check.status
        return FOLLOW if status is not None and status.running is not None else AGAIN

    def _is_busy(self, check: Check) -> bool:
        """A run of our own tells what happens; a password's command may ask the person, so only R runs it."""
        if self._is_running() or check.since is not None:
            return True
        password = check.target.password
        return password is not None and password.source == "command"

    async def _ask(self, target: Target, folder: Folder) -> None:
        status = await self._answer(target, folder)
        before = next(c.status for c in self._snapshot().checks if c.target == target)
        if before is not None:
            status = await asyncio.to_thread(alike, before, status)
        self._node.post_message(TargetAnswered(target.name, status))

    async def _answer(self, target: Target, folder: Folder) -> TargetStatus:
        patience = FIRST_START if target.dsn == EMBEDDED else PATIENCE
        try:
            async with asyncio.timeout(patience):
                return await self._engine.ask(target, folder)
        except TimeoutError:
            return await self._engine.unknown(target, f"no answer within {span_words(patience)}")
        except Exception as error:  # a defect must be seen, and must not take the screen along
            return await self._engine.unknown(target, f"koonj failed: {type(error).__name__}: {error}")


def alike(before: TargetStatus, now: TargetStatus) -> TargetStatus:
    """`now` with the very entries of `before` where they are equal: nothing is made anew of those."""
    return replace(now, migrations=before.migrations) if now.migrations == before.migrations else now


def is_news(before: TargetStatus, now: TargetStatus) -> bool:
    """Does it say anything new? Another round trip is none."""
    if before.server is not None and now.server is not None:
        now = replace(now, server=replace(now.server, round_trip=before.server.round_trip))
    return now != before
