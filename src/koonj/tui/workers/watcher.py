"""Watch the folder and the targets in the background; post changes as messages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from textual.dom import DOMNode

from koonj.config import EMBEDDED, Target
from koonj.config.settings import PASSWORD_SECONDS
from koonj.humanize import span_words
from koonj.migrations.branch import branch as read_branch
from koonj.migrations.folder import Folder, FolderError
from koonj.tui.state.messages import (
    BranchRead,
    FolderLost,
    FolderRead,
    SshAsked,
    SshQuestionOver,
    TargetAnswered,
    TargetAsked,
)
from koonj.tui.state.snapshot import Check, Listed, Snapshot
from koonj.tui.toolkit import garbage
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.workers.backend import Backend

if TYPE_CHECKING:
    from koonj.postgres.tunnel.questions import Ask, SshQuestion
    from koonj.runner.target.status import TargetStatus

FOLDER_INTERVAL = 2.0
"""Seconds between two reads of the folder (a `stat` of each file)."""
TARGET_INTERVAL = 10.0
"""Seconds between two automatic reads of the chosen target's status."""
RUN_INTERVAL = 2.0
"""Seconds between two such reads while another koonj process runs there."""
MAX_INTERVAL = 60.0
"""Longest time in seconds between two reads: a server or a file system that was away is found again."""
INTERVAL_FACTOR = 30
"""Factor: koonj waits this many times as long as the last read took."""
FOLLOW_INTERVAL = 1.0
"""Seconds between two reads of the target during a run of this koonj."""
STATUS_TIMEOUT = 20.0
"""Seconds that a target has to answer."""
FIRST_START_TIMEOUT = 90.0
"""Seconds for the embedded server, which might have to create its data folder first."""

ANSWER_TIMEOUT = 600.0
"""Seconds if the user is asked for a passphrase or a code."""


class Watcher:
    """Reader of the folder, all the time, and of the targets, on request."""

    def __init__(
        self,
        node: DOMNode,
        backend: Backend,
        snapshot: Callable[[], Snapshot],
        is_running: Callable[[], bool],
    ) -> None:
        """Take the parts of the screen that it works for.

        `node` receives the messages; when it is removed, all work ends.
        """
        self._node = node
        self._backend = backend
        self._snapshot = snapshot
        self._is_running = is_running
        self._folder: Folder | None = None
        self._branch: str | None = None
        self._is_reading = False
        self._is_following = False
        self._has_news = False

    def start(self) -> None:
        """Start to watch, and ask all targets about the folder that is known already."""
        self._folder = self._snapshot().folder
        self.ask_all()
        start_task(self._node, self._keep_reading_folder, "looking")
        start_task(self._node, self._keep_asking, "asking")
        start_task(self._node, self._keep_collecting, "garbage")

    def read_folder(self) -> None:
        """Read the folder in a thread, unless it is being read."""
        start_task(self._node, self._read_folder, "folder")

    def ask_all(self) -> None:
        """Read the status of all targets at the same time."""
        for target in self._snapshot().settings.targets:
            self.ask(target)

    def ask_for_user(self) -> None:
        """Do the same for a user who is there: ssh can ask what it needs for the chosen target."""
        chosen = self._snapshot().target.name
        for target in self._snapshot().settings.targets:
            self.ask(target, self._ask_user if target.name == chosen else None)

    def _ask_user(self, question: SshQuestion) -> Future[str | None]:
        """Let the screen ask what ssh asks. From any thread."""
        answer: Future[str | None] = Future()
        self._node.post_message(SshAsked(question, answer))
        over = SshQuestionOver(question)
        answer.add_done_callback(lambda done: done.cancelled() and self._node.post_message(over))
        return answer

    def ask_all_willing(self) -> None:
        """Read the status of all targets, but not of those whose bastion has refused the login."""
        for check in self._snapshot().checks:
            if not _is_refused(check):
                self.ask(check.target)

    def ask_idle(self) -> None:
        """Read the status of each target that is not being read, and whose password no command has to bring.

        Such a command can ask the user, so only the key R runs it.
        """
        for check in self._snapshot().checks:
            if check.since is None and not (has_password_command(check.target) or _is_refused(check)):
                self.ask(check.target)

    def ask(self, target: Target, ask: Ask | None = None) -> None:
        """Read the status of one target; an earlier read of it is dropped.

        `ask`: asks the user what ssh asks.
        """
        if self._folder is not None:
            self._node.post_message(TargetAsked(target.name, monotonic()))
            work = partial(self._ask, target, self._folder, ask)
            start_task(self._node, work, f"target {target.name}", exclusive=True)

    def ask_again(self) -> bool:
        """Read the chosen target again if what is known of it can be old, and the user is not asked for that.

        Return whether it is read now.
        """
        check = self._snapshot().check
        if check.status is None or check.status.error is not None or self._is_running():
            return False
        if not self._is_busy(check):
            self.ask(check.target)
            return True
        return check.since is not None

    def follow(self, target: Target) -> None:
        """Read the states from the target soon, at most once a second: a run has changed something there."""
        self._has_news = True
        if not self._is_following:
            self._is_following = True
            start_task(self._node, partial(self._follow, target), "follow")

    async def _follow(self, target: Target) -> None:
        try:
            while self._has_news and self._is_running():  # the end of a run asks by itself
                if all(c.since is None for c in self._snapshot().checks if c.target.name == target.name):
                    self._has_news = False
                    self.ask(target)
                await asyncio.sleep(FOLLOW_INTERVAL)
        finally:
            self._is_following = False

    async def _keep_reading_folder(self) -> None:
        """Read the folder again and again; a large one less often."""
        while True:
            started = monotonic()
            await self._read_folder()
            await asyncio.sleep(_pause_after(monotonic() - started, FOLDER_INTERVAL))

    async def _read_folder(self) -> None:
        if self._is_reading:
            return
        self._is_reading = True
        try:
            folder = await self._backend.read_folder()
        except (FolderError, OSError) as error:
            self._folder = None
            self._node.post_message(FolderLost(str(error)))
        else:
            if folder != self._folder:
                listed = await asyncio.to_thread(Listed.of, folder, self._snapshot().check.status)
                self._folder = folder
                self._node.post_message(FolderRead(folder, listed))
            await self._read_branch()
        finally:
            self._is_reading = False

    async def _read_branch(self) -> None:
        """Read the git branch, which is in two small files."""
        branch = await asyncio.to_thread(read_branch, self._backend.settings.migrations)
        if branch != self._branch:
            self._branch = branch
            self._node.post_message(BranchRead(branch))

    async def _keep_asking(self) -> None:
        """Read the chosen target's status again and again; post it only if it changed."""
        took = 0.0
        while True:
            await asyncio.sleep(_pause_after(took, self._pause()))
            check = self._snapshot().check
            if self._folder is None or check.status is None or self._is_busy(check):
                continue
            started = monotonic()
            status = await self._read_status(check.target, self._folder)
            took = monotonic() - started
            if await asyncio.to_thread(is_different, check.status, status):
                await self._post(check.target.name, status, before=check.status)

    async def _keep_collecting(self) -> None:
        """Collect garbage again and again, but not while a thread makes the values of a large folder."""
        while True:
            await asyncio.sleep(garbage.INTERVAL)
            if all(check.since is None for check in self._snapshot().checks):
                garbage.collect()

    def _pause(self) -> float:
        """Return the seconds to the next read.

        Fewer while another koonj process runs there.
        """
        status = self._snapshot().check.status
        return RUN_INTERVAL if status is not None and status.running is not None else TARGET_INTERVAL

    def _is_busy(self, check: Check) -> bool:
        """Return whether the target must not be asked by itself now.

        A run of this koonj reports its changes. A password command can ask the user, so only the key R runs
        it. A bastion can lock out who tries a login again and again.
        """
        if self._is_running() or check.since is not None:
            return True
        return has_password_command(check.target) or _is_refused(check)

    async def _ask(self, target: Target, folder: Folder, ask: Ask | None) -> None:
        status = await self._read_status(target, folder, ask)
        before = next(c.status for c in self._snapshot().checks if c.target.name == target.name)
        if before is not None:
            status = await asyncio.to_thread(reuse_migrations, before, status)
        await self._post(target.name, status)

    async def _post(self, name: str, status: TargetStatus, before: TargetStatus | None = None) -> None:
        """Post a status, with the rows of the list, which would hold the screen up in a large folder."""
        snapshot, listed = self._snapshot(), None
        if name == snapshot.chosen:
            listed = await asyncio.to_thread(Listed.of, snapshot.folder, status)
        self._node.post_message(TargetAnswered(name, status, listed, before))

    async def _read_status(self, target: Target, folder: Folder, ask: Ask | None = None) -> TargetStatus:
        patience = STATUS_TIMEOUT
        if target.dsn == EMBEDDED or target.ssh is not None:  # initdb; a login on every hop
            patience = FIRST_START_TIMEOUT if ask is None or target.ssh is None else ANSWER_TIMEOUT
        if target.password is not None and target.password.is_asked:
            patience += PASSWORD_SECONDS  # that of the command, so that it has the same limit everywhere
        try:
            async with asyncio.timeout(patience):
                return await self._backend.read_status(target, folder, ask)
        except TimeoutError:
            return await self._backend.error_status(target, f"no answer within {span_words(patience)}")
        except Exception as error:  # a defect must be visible, and must not end the screen
            return await self._backend.error_status(target, f"koonj failed: {type(error).__name__}: {error}")


def _pause_after(took: float, least: float) -> float:
    """Return the seconds to the next read after one that took so long."""
    return max(least, min(INTERVAL_FACTOR * took, MAX_INTERVAL))


def has_password_command(target: Target) -> bool:
    """Return whether a command brings the password of a target, and can ask the user."""
    return target.password is not None and target.password.may_ask


def _is_refused(check: Check) -> bool:
    """Return whether the bastion of the target has refused the login of ssh."""
    if check.status is None or check.status.problem is None:
        return False
    from koonj.postgres.connection_cause import ConnectProblem  # noqa: PLC0415 - brings psycopg

    return check.status.problem is ConnectProblem.SSH_LOGIN


def reuse_migrations(before: TargetStatus, now: TargetStatus) -> TargetStatus:
    """Return `now` with the migrations of `before` if they are equal.

    So no row has to be created again.
    """
    return replace(now, migrations=before.migrations) if now.migrations == before.migrations else now


def is_different(before: TargetStatus, now: TargetStatus) -> bool:
    """Return whether two statuses differ. A different round-trip time does not count."""
    if before.server is not None and now.server is not None:
        now = replace(now, server=replace(now.server, round_trip=before.server.round_trip))
    return now != before
