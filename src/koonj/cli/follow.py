"""Following a run from the terminal: its events, its question, and a person who wants it to stop."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from koonj.cli.diagnostics import Diagnostics, ExitCode
from koonj.runner.run.events import Event, Question
from koonj.runner.run.run import Run

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


Answerer = Callable[[Question], Awaitable[str]]
"""Gives the answer to a run's question."""


_AT_QUESTION = "cancelling at the question: nothing was running, and nothing was changed."
_AT_WORK = (
    "cancelling: what runs on the server is asked to stop; what that leaves is said below. "
    "Ctrl-C once more leaves at once."
)


@dataclass
class _Stopping:
    """What the signals do: the first one cancels on the server, the second one leaves."""

    run: Run
    err: Diagnostics
    flush: Callable[[], None]
    cancelling: asyncio.Task[None] | None = field(default=None)
    asking: bool = False
    """A question is open: no statement runs, and none has run."""

    def __call__(self) -> None:
        if self.cancelling is not None:
            self._leave()
        if self.err.is_terminal:
            self.err.prompt("\n")  # after the terminal's ^C, and after a question that waits
        self.err.say(_AT_QUESTION if self.asking else _AT_WORK)
        self.cancelling = asyncio.ensure_future(self._cancel())

    async def _cancel(self) -> None:
        import psycopg  # noqa: PLC0415 - a run has imported it by now; this module need not

        try:
            await self.run.cancel()
        except (psycopg.Error, OSError) as error:
            self.err.error(
                f"The server could not be asked to stop: {error}",
                "The run ends when its running statement does.",
            )

    def _leave(self) -> None:
        self.flush()
        self.err.say(
            "leaving now, without waiting for the server: a statement may still run there. "
            "What was committed is in the history; look at it with: koonj status"
        )
        os._exit(ExitCode.CANCELLED)


async def follow(
    run: Run, tell: Callable[[Event], None], answer: Answerer, err: Diagnostics, flush: Callable[[], None]
) -> Event:
    """Tell every event, answer the question, cancel at a signal; the last event, which each run has."""
    stopping = _Stopping(run, err, flush)
    with _listening(stopping):
        async with asyncio.TaskGroup() as tasks:
            asking: asyncio.Task[None] | None = None
            async for event in run.events():
                tell(event)
                last = event
                if isinstance(event, Question):
                    asking = tasks.create_task(_answer(run, event, answer, stopping))
            if asking is not None:
                asking.cancel()
    return last


async def _answer(run: Run, question: Question, answer: Answerer, stopping: _Stopping) -> None:
    stopping.asking = True
    try:
        given = await answer(question)
    finally:
        stopping.asking = False
    run.answer(question.id, given)


@contextmanager
def _listening(stopping: _Stopping) -> Iterator[None]:
    """Signals go to `stopping`; those that the caller told us to ignore (nohup, a shell's &) stay ignored."""
    loop = asyncio.get_running_loop()
    heard: dict[signal.Signals, Callable[[int, FrameType | None], object] | int | None] = {}
    for number in _SIGNALS:
        before = signal.getsignal(number)
        if before is not signal.SIG_IGN:
            heard[number] = before
            loop.add_signal_handler(number, stopping)
    try:
        yield
    finally:
        for number, before in heard.items():
            loop.remove_signal_handler(number)
            signal.signal(number, before)
