"""Questions that are asked in the terminal."""

import asyncio
import os
import sys
import termios

from koonj.cli.diagnostics import Diagnostics
from koonj.runner.run.events import Question, QuestionKind
from koonj.sql.display import visible

_YES = frozenset({"y", "yes"})


def can_ask(err: Diagnostics) -> bool:
    """Is there a person who can read a question and type an answer? Not at the other end of a pipe."""
    return err.is_terminal and sys.stdin is not None and sys.stdin.isatty()


async def ask(question: Question, err: Diagnostics) -> str:
    """Ask, and give what to answer: for a yes `expected`, else what was typed. Enter alone is no yes.

    Can be cancelled while it waits; no thread waits on after it.
    """
    typed = question.kind is QuestionKind.TYPED
    descriptor = sys.stdin.fileno()
    # What was typed before the question could be read is no answer to it.
    termios.tcflush(descriptor, termios.TCIFLUSH)
    err.prompt(f"{visible(question.text)} {'' if typed else 'Type yes to go on: '}")
    answer = (await _read_line(descriptor)).strip()
    if not typed and answer.lower() in _YES:
        return question.expected
    return answer


async def _read_line(descriptor: int) -> str:
    """One line from a terminal; empty at its end (Ctrl-D)."""
    loop = asyncio.get_running_loop()
    line: asyncio.Future[str] = loop.create_future()

    def read() -> None:
        try:
            raw = os.read(descriptor, 4096)  # does not wait: a terminal gives a line when it is whole
        except OSError:
            raw = b""  # it hung up
        if not line.done():
            line.set_result(raw.decode("utf-8", "replace"))

    loop.add_reader(descriptor, read)
    try:
        return await line
    finally:
        loop.remove_reader(descriptor)
