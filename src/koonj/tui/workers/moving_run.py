"""A run that continues in a process of its own after the user's yes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

from koonj.postgres.connector import Connector
from koonj.runner.confirmed_run import lines_of
from koonj.runner.preparation import Confirmation
from koonj.runner.process.followed_run import FollowedRun
from koonj.runner.process.journal_reader import JournalReader
from koonj.runner.process.login_session import keep_after_logout
from koonj.runner.run.events import Event, Notice, Question
from koonj.runner.run.run import Control, Run
from koonj.runner.run.unblock_request import UnblockRequest
from koonj.runner.start import Preparation, carry_out
from koonj.tui.workers.run_process import PROGRAM, RunProcess, RunProcessError


class MovingRun(Run):
    """The preparation of a run in this process, then the run itself in another one.

    The process is started with the question. If it cannot be started, or cannot write a journal, the run
    stays in this process.
    """

    def __init__(
        self, preparation: Preparation, connector: Connector, program: Sequence[str] | None = None
    ) -> None:
        super().__init__(self._parts, preparation.run.id)
        self._preparation = preparation
        self._connector = connector
        self._program = program or PROGRAM
        self._part: Run = preparation.run
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
            async for event in self._preparation.run.events():
                if isinstance(event, Question):
                    problem = self._start_process()
                yield event
            if self._preparation.confirmation is None:
                return
            async with aclosing(self._carried_out(self._preparation.confirmation, problem)) as events:  # type: ignore[type-var]  # it is a generator
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

    async def _carried_out(self, confirmation: Confirmation, problem: str) -> AsyncIterator[Event]:
        try:
            self._part = await self._hand_over(confirmation, problem)
        except RunProcessError as error:
            self._part = carry_out(confirmation, self._connector)
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

    async def _hand_over(self, confirmation: Confirmation, problem: str) -> FollowedRun:
        """Return the run in the other process.

        Raises:
            RunProcessError: it was not handed over.
            OSError: its journal cannot be read. It was handed over.
        """
        if self._process is None:
            raise RunProcessError(problem)
        started = await self._process.hand_over(lines_of(confirmation))
        with JournalReader(started.files) as reader:
            head = reader.head()
        assert head is not None
        return FollowedRun(started.files, head, started.end)
