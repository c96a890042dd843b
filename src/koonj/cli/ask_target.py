"""Read from a target once, for commands that need only one reading."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import psycopg

from koonj.cli.diagnostics import CommandError
from koonj.cli.ssh_notice import open_connector
from koonj.config import Target
from koonj.postgres.connector import ConnectError, Connector
from koonj.postgres.errors import error_message
from koonj.postgres.history import HistoryError

Result = TypeVar("Result")


def ask_target(target: Target, query: Callable[[Connector], Awaitable[Result]]) -> Result:
    """Return the result of `query`, and close every connection.

    Raises:
        CommandError: the target cannot be reached or read.
    """
    try:
        return run_for_answer(_ask(query))
    except (ConnectError, HistoryError) as error:
        raise CommandError(f"{target.name}: {error.message}", error.hint) from error
    except psycopg.Error as error:
        message = error_message(error)
        hint = "The connection was lost while koonj read from the target. Run the command again."
        raise CommandError(f"{target.name}: {message}", hint) from error


async def _ask(query: Callable[[Connector], Awaitable[Result]]) -> Result:
    async with open_connector() as connector:
        return await query(connector)


def run_for_answer(work: Coroutine[Any, Any, Result]) -> Result:
    """Return the result of `work`, as `asyncio.run` does, but not as the result of its task.

    At its end, `asyncio.run` makes a text of that twice: `signal.getsignal` and `signal.signal` look for the
    handler, which holds the task, in an enum, and put it into a message that nobody sees. For a history of
    10,000 entries this takes as long as the rest of a status.
    """
    answers: list[Result] = []

    async def ask() -> None:
        answers.append(await work)

    asyncio.run(ask())
    return answers[0]
