"""A run for its consumers: a stream of events, and `answer` and `cancel`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

from koonj.runner.run.events import Event
from koonj.runner.run.failure import AwaitedLock
from koonj.runner.run.lock_events import BlockerEnded, BlockerNotEnded
from koonj.runner.run.tries import Tries
from koonj.runner.run.unblock_request import UnblockRequest

if TYPE_CHECKING:
    from psycopg import AsyncConnection  # a process that only follows a run does not need psycopg

Value = TypeVar("Value")

Unblocker = Callable[[UnblockRequest], Awaitable[Event]]


class Cancelled(Exception):  # noqa: N818 - not an error; it ends a run that the user cancelled
    """Raised when the user has cancelled the run, between two statements."""


class Control:
    """The inner side of a run: delivers cancel requests and answers to its steps."""

    def __init__(self, run_id: str | None = None) -> None:
        self.run_id = run_id or str(uuid4())
        self._cancelled = asyncio.Event()
        self._answers: dict[str, asyncio.Future[str]] = {}
        self._conn: AsyncConnection | None = None
        self._on_cancel: Callable[[], None] | None = None
        self._listener: Callable[[Event], None] | None = None
        self._kept: list[Event] = []
        self._unblocking: set[asyncio.Future[Event]] = set()
        self.unblocker: Unblocker | None = None
        """Does what a user asks for about a blocking session; None: the run cannot be blocked now."""
        self.awaited: AwaitedLock | None = None
        """The lock that the running statement waits for, as far as it is known."""
        self.shown: object = None
        """What was reported of it last; None: nothing."""
        self.tries: Tries | None = None
        """How it is tried to get the locks of the migration, after a first try that failed."""
        self.crowd = 0
        """Number of sessions that waited behind the run, if koonj gave up because of them."""

    @property
    def cancelled(self) -> bool:
        """Whether the user has cancelled the run."""
        return self._cancelled.is_set()

    def working_on(self, conn: AsyncConnection | None) -> None:
        """Set the connection whose running statement a cancel request stops."""
        self._conn = conn

    @contextmanager
    def on_cancel(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call `callback` immediately if the user cancels inside this context."""
        self._on_cancel = callback
        try:
            yield
        finally:
            self._on_cancel = None

    @contextmanager
    def listening(
        self, listener: Callable[[Event], None], unread: Callable[[], Iterable[Event | None]]
    ) -> Iterator[None]:
        """Pass to `listener` what is reported inside this context.

        `unread` returns what it has not passed on. What a user did is kept; what was said about the statement
        is no longer true when the statement has ended.
        """
        self._listener = listener
        try:
            yield
        finally:
            self._listener = None
            acts = (BlockerEnded, BlockerNotEnded)
            self._kept.extend(event for event in unread() if isinstance(event, acts))

    def report(self, event: Event) -> bool:
        """Report what happens beside the running statement. Return whether anybody listens."""
        if self._listener is None:
            return False
        self._listener(event)
        return True

    async def unblock(self, request: UnblockRequest) -> None:
        """Do what the user asks for about a blocking session. An event of the run says what came of it."""
        if self.unblocker is None:
            return
        task = asyncio.ensure_future(self.unblocker(request))
        self._unblocking.add(task)
        task.add_done_callback(self._unblocking.discard)
        event = await task
        if not self.report(event):
            self._kept.append(event)

    async def last_events(self) -> Iterator[Event]:
        """Wait for what a user has asked for and is not done yet; then as `kept_events`."""
        while self._unblocking:
            await asyncio.wait(self._unblocking)
            await asyncio.sleep(0)  # whoever asked keeps the event
        return self.kept_events()

    def keep(self, event: Event) -> None:
        """Keep an event for the next `kept_events`."""
        self._kept.append(event)

    def kept_events(self) -> Iterator[Event]:
        """Yield what happened beside the run while nobody listened."""
        while self._kept:
            yield self._kept.pop(0)

    def check(self) -> None:
        """Check for a cancel request. Call this before each step that changes anything.

        Raises:
            Cancelled: The user has cancelled the run.
        """
        if self.cancelled:
            raise Cancelled

    async def pause(self, seconds: float) -> None:
        """Sleep for `seconds`.

        Raises:
            Cancelled: The user has cancelled the run.
        """
        try:
            await asyncio.wait_for(self._cancelled.wait(), seconds)
        except TimeoutError:
            return
        raise Cancelled

    async def unless_cancelled(self, work: Awaitable[Value]) -> Value:
        """Wait for long work that changes nothing, and return its result.

        Raises:
            Cancelled: The user has cancelled the run; `work` is cancelled too.
        """
        task = asyncio.ensure_future(work)
        cancelled = asyncio.ensure_future(self._cancelled.wait())
        try:
            await asyncio.wait((task, cancelled), return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise Cancelled
        finally:
            cancelled.cancel()
            if not task.done():
                task.cancel()
                await asyncio.wait((task,))

    def expect_answer(self, question_id: str) -> None:
        """Prepare to receive an answer. Call this before the question is sent."""
        self._answers[question_id] = asyncio.get_running_loop().create_future()

    async def wait_for_answer(self, question_id: str) -> str:
        """Wait for the answer to a question.

        Raises:
            Cancelled: The user has cancelled the run.
        """
        return await self.unless_cancelled(self._answers[question_id])

    def receive_answer(self, question_id: str, text: str) -> None:
        """Pass an answer to the waiting question; ignore it if no question waits."""
        answer = self._answers.get(question_id)
        if answer is not None and not answer.done():
            answer.set_result(text)

    async def cancel(self) -> None:
        """Cancel the running statement on the server, and start no other."""
        if not self.cancelled and self._on_cancel is not None:
            self._on_cancel()
        self._cancelled.set()
        if self._conn is not None and not self._conn.closed:
            await self._conn.cancel_safe()


class Run:
    """One apply, rollback or probe. Its events can be read once."""

    def __init__(self, body: Callable[[Control], AsyncIterator[Event]], run_id: str | None = None) -> None:
        """`run_id`: the id of a run of which this is a part; by default, a new one."""
        self._body = body
        self._control = Control(run_id)

    @property
    def id(self) -> str:
        """UUID of the run, as in `koonj.history.run_id`."""
        return self._control.run_id

    @property
    def survives(self) -> bool:
        """Whether the run goes on if this process ends."""
        return False

    async def events(self) -> AsyncIterator[Event]:
        """Yield the events of the run as they happen; the last one is a `RunFinished`."""
        async with aclosing(self._body(self._control)) as stream:  # type: ignore[type-var]  # it is a generator
            async for event in stream:
                yield event

    async def cancel(self) -> None:
        """Cancel the running statement on the server and end the run.

        The events of the run report the state of the target after that.

        Raises:
            psycopg.Error: The cancel request could not be sent. The run then ends after its statement.
        """
        await self._control.cancel()

    async def unblock(self, request: UnblockRequest) -> None:
        """Cancel the statement of a blocking session, or end it. An event says what came of it.

        Raises:
            OSError: The process of the run cannot be asked to.
        """
        await self._control.unblock(request)

    def answer(self, question_id: str, text: str) -> None:
        """Answer a `Question`."""
        self._control.receive_answer(question_id, text)
