"""A run, as the screen and the command see it: one event stream and two verbs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from typing import TypeVar
from uuid import uuid4

from psycopg import AsyncConnection

from koonj.runner.run.events import Event

Made = TypeVar("Made")


class Cancelled(Exception):  # noqa: N818 - it is no error; it ends a run that a person cancelled
    """A person cancelled the run between two statements."""


class Control:
    """The inner side of the two verbs: what the steps of a run listen to."""

    def __init__(self) -> None:
        self.run_id = str(uuid4())
        self._cancelled = asyncio.Event()
        self._answers: dict[str, asyncio.Future[str]] = {}
        self._conn: AsyncConnection | None = None
        self._told: Callable[[], None] | None = None

    @property
    def cancelled(self) -> bool:
        """Did a person cancel?"""
        return self._cancelled.is_set()

    def working_on(self, conn: AsyncConnection | None) -> None:
        """Name the connection on which a cancel must stop the running statement."""
        self._conn = conn

    @contextmanager
    def telling(self, told: Callable[[], None]) -> Iterator[None]:
        """Call `told` at once when a person cancels while this goes on."""
        self._told = told
        try:
            yield
        finally:
            self._told = None

    def check(self) -> None:
        """Raise Cancelled where a person cancelled. Called before each thing that changes anything."""
        if self.cancelled:
            raise Cancelled

    async def pause(self, seconds: float) -> None:
        """Sleep, unless cancelled. Raises Cancelled."""
        try:
            await asyncio.wait_for(self._cancelled.wait(), seconds)
        except TimeoutError:
            return
        raise Cancelled

    async def unless_cancelled(self, work: Awaitable[Made]) -> Made:
        """The result of something long that changes nothing. Raises Cancelled."""
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

    def expect(self, question_id: str) -> None:
        """Make room for an answer, before the question is said."""
        self._answers[question_id] = asyncio.get_running_loop().create_future()

    async def answer_to(self, question_id: str) -> str:
        """Wait for the answer. Raises Cancelled."""
        return await self.unless_cancelled(self._answers[question_id])

    def give(self, question_id: str, text: str) -> None:
        """An answer came; one that nobody waits for is passed over."""
        answer = self._answers.get(question_id)
        if answer is not None and not answer.done():
            answer.set_result(text)

    async def cancel(self) -> None:
        """Stop: cancel the running statement on the server, and start no other."""
        if not self.cancelled and self._told is not None:
            self._told()
        self._cancelled.set()
        if self._conn is not None and not self._conn.closed:
            await self._conn.cancel_safe()


class Run:
    """One apply or rollback. Its events can be read once."""

    def __init__(self, body: Callable[[Control], AsyncIterator[Event]]) -> None:
        self._body = body
        self._control = Control()

    @property
    def id(self) -> str:
        """The run's uuid, as history keeps it."""
        return self._control.run_id

    async def events(self) -> AsyncIterator[Event]:
        """All that happens, as it happens; the last one is a RunFinished."""
        async with aclosing(self._body(self._control)) as stream:  # type: ignore[type-var]  # it is a generator
            async for event in stream:
                yield event

    async def cancel(self) -> None:
        """Cancel the running statement on the server and end the run; what that leaves is said by its events.

        Raises psycopg.Error where the server could not be asked; the run then ends with its statement.
        """
        await self._control.cancel()

    def answer(self, question_id: str, text: str) -> None:
        """Answer a `Question`."""
        self._control.give(question_id, text)
