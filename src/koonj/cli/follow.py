"""Follow a run in the terminal: print events, ask for confirmation, handle Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from koonj.cli.diagnostics import Diagnostics, ExitCode
from koonj.runner.run.events import Event, Question
from koonj.runner.run.run import Run

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


Answerer = Callable[[Question], Awaitable[str]]
"""Returns the answer to a run's question."""


_CANCELLED_AT_PROMPT = "cancelled at the prompt. Nothing was changed."
_CANCELLING = "cancelling the running statement on the server… Press Ctrl-C again to exit immediately."


@dataclass
class _CancelOnSignal:
    """Signal handler: the first signal cancels the run, the second one exits."""

    run: Run
    err: Diagnostics
    flush: Callable[[], None]
    cancelling: asyncio.Task[None] | None = field(default=None)
    leaves: Callable[[], Iterable[str]] = tuple
    """Returns what cancelling leaves now, as lines."""
    asking: bool = False
    """Whether a question is open: no statement is running, and none has run."""

    def __call__(self) -> None:
        if self.cancelling is not None:
            self._exit_now()
        if self.err.is_terminal:
            self.err.prompt("\n")  # the terminal shows ^C, maybe after a question: start a new line
        self.err.info(_CANCELLED_AT_PROMPT if self.asking else _CANCELLING)
        if not self.asking:
            self.err.lines(f"    {line}" for line in self.leaves())
        self.cancelling = asyncio.ensure_future(self._cancel())

    async def _cancel(self) -> None:
        import psycopg  # noqa: PLC0415 - the run has already imported it; importing this module stays fast

        try:
            await self.run.cancel()
        except (psycopg.Error, OSError) as error:
            self.err.error(
                f"Could not send the cancel request to the server: {error}",
                "The run ends when its running statement ends.",
            )

    def _exit_now(self) -> None:
        self.flush()
        self.err.info(
            "exiting without waiting for the server. A statement can still be running there. "
            "To see what was committed, run: koonj status"
        )
        os._exit(ExitCode.CANCELLED)


async def follow(
    run: Run,
    show: Callable[[Event], None],
    answer: Answerer,
    err: Diagnostics,
    flush: Callable[[], None],
    leaves: Callable[[], Iterable[str]] = tuple,
) -> Event:
    """Show every event, answer the question, cancel at a signal.

    `leaves`: returns what cancelling would leave. Returns the last event of the run.
    """
    handler = _CancelOnSignal(run, err, flush, leaves=leaves)
    with signals_to(handler, *_SIGNALS):
        async with asyncio.TaskGroup() as tasks:
            asking: asyncio.Task[None] | None = None
            async for event in run.events():
                show(event)
                last = event
                if isinstance(event, Question):
                    asking = tasks.create_task(_answer(run, event, answer, handler))
            if asking is not None:
                asking.cancel()
    return last


async def _answer(run: Run, question: Question, answer: Answerer, handler: _CancelOnSignal) -> None:
    handler.asking = True
    try:
        reply = await answer(question)
    finally:
        handler.asking = False
    run.answer(question.id, reply)


@contextmanager
def signals_to(handler: Callable[[], None], *signals: signal.Signals) -> Iterator[None]:
    """Send signals to `handler`, except those that are ignored already.

    POSIX: a process inherits ignored signals from its parent. nohup ignores SIGHUP, and a shell without job
    control starts background commands (`&`) with SIGINT ignored.
    """
    loop = asyncio.get_running_loop()
    replaced: dict[signal.Signals, Callable[[int, FrameType | None], object] | int | None] = {}
    for number in signals:
        before = signal.getsignal(number)
        if before is not signal.SIG_IGN:
            replaced[number] = before
            loop.add_signal_handler(number, handler)
    try:
        yield
    finally:
        for number, before in replaced.items():
            loop.remove_signal_handler(number)
            signal.signal(number, before)
