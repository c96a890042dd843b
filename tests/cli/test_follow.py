"""Signals and questions while the command follows a run."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from io import StringIO

import psycopg
import pytest

from koonj.cli.diagnostics import Diagnostics
from koonj.cli.follow import follow
from koonj.cli.stream import Stream
from koonj.runner.run.events import Event, Question, QuestionKind, RunFinished, RunResult
from koonj.runner.run.run import Control, Run

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ENDED = RunFinished(RunResult.CANCELLED, "Cancelled.", (), None, ())


class TerminalText(StringIO):
    """A file that is a terminal, as far as the program can see."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    """Give the signals their usual effect back, whatever this process has inherited."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Followed:
    """A run that is followed, and what was printed and asked."""

    def __init__(self, run: Run, file: StringIO) -> None:
        self.run = run
        self.file = file
        self.events: list[Event] = []
        self.asked = asyncio.Event()
        self.answer_ended = False

    async def answer(self, question: Question) -> str:
        self.asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.answer_ended = True
        return ""

    async def follow(self) -> Event:
        err = Diagnostics(Stream(self.file))
        return await asyncio.wait_for(
            follow(self.run, self.events.append, self.answer, err, lambda: None), 30
        )


def _signalled(number: int) -> Run:
    """Return a run that gets a signal while its events are read, and ends when it is cancelled."""

    async def body(control: Control) -> AsyncIterator[Event]:
        os.kill(os.getpid(), number)
        while not control.cancelled:
            await asyncio.sleep(0)
        yield ENDED

    return Run(body)


async def _asks(control: Control) -> AsyncIterator[Event]:
    question = Question("1", QuestionKind.YES, "Apply?", "yes")
    control.expect_answer(question.id)
    yield question
    while not control.cancelled:
        await asyncio.sleep(0)
    yield ENDED


@pytest.mark.parametrize("number", SIGNALS)
async def test_a_signal_cancels_the_run(number: int) -> None:
    followed = Followed(_signalled(number), StringIO())
    assert await followed.follow() is ENDED
    assert followed.file.getvalue().startswith("koonj: cancelling the running statement on the server")


async def test_a_signal_at_the_question_ends_the_question() -> None:
    followed = Followed(Run(_asks), StringIO())
    following = asyncio.create_task(followed.follow())
    await followed.asked.wait()
    os.kill(os.getpid(), signal.SIGINT)
    assert await following is ENDED
    assert followed.answer_ended
    assert followed.file.getvalue() == "koonj: cancelled at the prompt. Nothing was changed.\n"


async def test_a_signal_after_the_answer_cancels_what_runs() -> None:
    async def body(control: Control) -> AsyncIterator[Event]:
        control.expect_answer("1")
        yield Question("1", QuestionKind.YES, "Apply?", "yes")
        assert await control.wait_for_answer("1") == "yes"
        os.kill(os.getpid(), signal.SIGINT)
        while not control.cancelled:
            await asyncio.sleep(0)
        yield ENDED

    class Answering(Followed):
        async def answer(self, question: Question) -> str:
            return question.expected

    followed = Answering(Run(body), StringIO())
    assert await followed.follow() is ENDED
    assert followed.file.getvalue().startswith("koonj: cancelling the running statement on the server")


@pytest.mark.parametrize("file", [StringIO, TerminalText])
async def test_a_message_starts_on_a_new_line_of_a_terminal_only(file: type[StringIO]) -> None:
    followed = Followed(_signalled(signal.SIGINT), file())
    await followed.follow()
    assert followed.file.getvalue().startswith("\n") is (file is TerminalText)


@pytest.mark.parametrize(
    "error",
    [psycopg.OperationalError("no route to host"), OSError("no route to host")],
    ids=["libpq", "system"],
)
async def test_a_cancel_request_that_cannot_be_sent_is_told(error: Exception) -> None:
    ended = asyncio.Event()

    class Unreachable(Run):
        async def cancel(self) -> None:
            ended.set()
            raise error

    async def body(control: Control) -> AsyncIterator[Event]:
        os.kill(os.getpid(), signal.SIGTERM)
        await ended.wait()
        yield ENDED

    followed = Followed(Unreachable(body), StringIO())
    assert await followed.follow() is ENDED
    await asyncio.sleep(0)
    assert "koonj: error: Could not send the cancel request to the server: no route to host" in (
        followed.file.getvalue()
    )
    assert "The run ends when its running statement ends." in followed.file.getvalue()


@pytest.mark.parametrize("number", SIGNALS)
async def test_a_signal_that_was_ignored_before_stays_ignored(number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_IGN)

    async def body(control: Control) -> AsyncIterator[Event]:
        os.kill(os.getpid(), number)
        for _ in range(10):
            await asyncio.sleep(0)
        assert not control.cancelled
        yield ENDED

    followed = Followed(Run(body), StringIO())
    assert await followed.follow() is ENDED
    assert followed.file.getvalue() == ""
    assert signal.getsignal(number) is signal.SIG_IGN


@pytest.mark.parametrize("number", SIGNALS)
async def test_the_handlers_of_signals_are_restored(number: signal.Signals) -> None:
    before = signal.getsignal(number)

    async def body(control: Control) -> AsyncIterator[Event]:
        assert signal.getsignal(number) != before
        yield ENDED

    await Followed(Run(body), StringIO()).follow()
    assert signal.getsignal(number) == before
