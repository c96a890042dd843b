"""Ask questions in the terminal."""

import asyncio
import os
import sys
import termios

from koonj.cli.diagnostics import Diagnostics
from koonj.runner.run.events import Question, QuestionKind
from koonj.sql.display import visible

_YES = frozenset({"y", "yes"})


def can_ask(err: Diagnostics) -> bool:
    """Return whether a user can be asked: stderr and stdin are terminals."""
    return err.is_terminal and sys.stdin is not None and sys.stdin.isatty()


async def ask(question: Question, err: Diagnostics) -> str:
    """Ask, and return the answer for the run.

    That is `expected` for a yes, else the typed text. Enter alone is not a yes.
    The coroutine can be cancelled while it waits; it leaves no thread that waits.
    """
    typed = question.kind is QuestionKind.TYPED
    discard_typed()
    err.prompt(f"{visible(question.text)} {'' if typed else 'Type yes to continue: '}")
    answer = (await read_line()).strip()
    if not typed and answer.lower() in _YES:
        return question.expected
    return answer


async def confirm(text: str, err: Diagnostics) -> bool:
    """Ask a question that is not about a run, and return whether the answer is yes."""
    return await ask(Question("", QuestionKind.YES, text, "yes"), err) == "yes"


def discard_typed() -> None:
    """Discard what the user typed before the question was visible: it cannot be an answer."""
    termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


async def read_line() -> str:
    """Read one line from the terminal at stdin; return '' at end of input (Ctrl-D)."""
    descriptor = sys.stdin.fileno()
    loop = asyncio.get_running_loop()
    line: asyncio.Future[str] = loop.create_future()

    def read() -> None:
        try:
            raw = os.read(
                descriptor, 4096
            )  # does not block: in canonical mode a terminal is readable when a line is complete
        except OSError:
            raw = b""  # the terminal was closed
        if not line.done():
            line.set_result(raw.decode("utf-8", "replace"))

    loop.add_reader(descriptor, read)
    try:
        return await line
    finally:
        loop.remove_reader(descriptor)
