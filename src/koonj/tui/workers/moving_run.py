"""A run that continues in a process of its own after the user's yes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing

from koonj.postgres.connector import Connector
from koonj.runner.confirmed_run import Confirmed, lines_of, movable_run
from koonj.runner.process.followed_run import FollowedRun
from koonj.runner.process.journal_reader import JournalReader
from koonj.runner.process.login_session import keep_after_logout
from koonj.runner.run.events import Event, Notice, Question
from koonj.runner.run.run import Control, Run
from koonj.runner.run.unblock_request import UnblockRequest
from koonj.runner.settle import ConfirmedSettlement
from koonj.runner.start import Preparation
from koonj.tui.workers.run_process import PROGRAM, RunProcess, RunProcessError


class MovingRun(Run):
    """The first part of a run in this process, then the run itself in another one.

    The process is started with the question, if there is one. If it cannot be started, or cannot write a
    journal, the run stays in this process.
    """

    def __init__(
        self,
        first: Run,
        confirmed: Callable[[], Confirmed | None],
        connector: Connector,
        program: Sequence[str] | None = None,
    ) -> None:
        """`confirmed` returns what is to be carried out after the first part; None: nothing."""
        super().__init__(self._parts, first.id)
        self._confirmed = confirmed
        self._connector = connector
        self._program = program or PROGRAM
        self._part = first
        self._process: RunProcess | None = None
        self._is_cancelled = False

    @property
    def survives(self) -> bool:
        """Whether the run goes on if this process ends."""
        return self._part.survives

    async def cancel(self) -> None:
        """Cancel the run, wherever it is. Raises psycopg.Error or OSError, as `Run.cancel`."""
        self._is_cancelled = True
        await self._part.cancel()

    async def unblock(self, request: UnblockRequest) -> None:
        """End a blocking session or cancel its statement, wherever the run is. Raises OSError."""
        await self._part.unblock(request)

    async def close(self) -> None:
        """End the process that waits for the run; one that has it goes on."""
        if self._process is not None:
            await self._process.close()

    def answer(self, question_id: str, text: str) -> None:
        """Answer a `Question`."""
        self._part.answer(question_id, text)

    async def _parts(self, _: Control) -> AsyncIterator[Event]:
        try:
            problem = ""
            async for event in self._part.events():
                if isinstance(event, Question):
                    problem = self._start_process()
                yield event
            if (confirmed := self._confirmed()) is None:
                return
            if self._process is None and not problem:
                problem = self._start_process()
            async with aclosing(self._carried_out(confirmed, problem)) as events:  # type: ignore[type-var]  # it is a generator
                async for event in events:
                    yield event
        finally:
            await self.close()

    def _start_process(self) -> str:
        """Start the process; return why it cannot be started, or an empty text."""
        try:
            self._process = RunProcess(self._program)
        except OSError as error:
            return f"Cannot start a process: {error.strerror}."
        return ""

    async def _carried_out(self, confirmed: Confirmed, problem: str) -> AsyncIterator[Event]:
        try:
            self._part = await self._hand_over(confirmed, problem)
        except RunProcessError as error:
            self._part = movable_run(confirmed).carry_out(self._connector)
            yield Notice("", "WARNING", f"The run stays in this process, and ends with it. {error}")
        if self._is_cancelled:
            await self._part.cancel()
        if isinstance(self._part, FollowedRun):
            head = self._part.head
            if warning := await asyncio.to_thread(keep_after_logout, head.pid, head.run):
                yield Notice("", "WARNING", warning)
        async for event in self._part.events():
            yield event
        if self._process is not None and self.survives:
            await self._process.wait()

    async def _hand_over(self, confirmed: Confirmed, problem: str) -> FollowedRun:
        """Return the run in the other process.

        Raises:
            RunProcessError: it was not handed over.
            OSError: its journal cannot be read. It was handed over.
        """
        if self._process is None:
            raise RunProcessError(problem)
        started = await self._process.hand_over(lines_of(confirmed, passwords=self._connector.passwords))
        with JournalReader(started.files) as reader:
            head = reader.head()
        assert head is not None
        return FollowedRun(started.files, head, started.end)


def prepared_run(
    preparation: Preparation, connector: Connector, program: Sequence[str] | None = None
) -> MovingRun:
    """Return an apply or a rollback: plan and question here, the rest in a process of its own."""
    return MovingRun(preparation.run, lambda: preparation.confirmation, connector, program)


def settling_run(
    confirmed: ConfirmedSettlement, connector: Connector, program: Sequence[str] | None = None
) -> MovingRun:
    """Return the run that carries out a decision, in a process of its own."""
    return MovingRun(Run(_no_events, confirmed.run_id), lambda: confirmed, connector, program)


async def _no_events(_: Control) -> AsyncIterator[Event]:
    nothing: tuple[Event, ...] = ()
    for event in nothing:
        yield event
