"""Read from a target once, for commands that need only one reading."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import psycopg

from koonj.cli.diagnostics import CommandError
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
        return asyncio.run(_ask(query))
    except (ConnectError, HistoryError) as error:
        raise CommandError(f"{target.name}: {error.message}", error.hint) from error
    except psycopg.Error as error:
        message = error_message(error)
        hint = "The connection was lost while koonj read from the target. Run the command again."
        raise CommandError(f"{target.name}: {message}", hint) from error


async def _ask(query: Callable[[Connector], Awaitable[Result]]) -> Result:
    async with Connector() as connector:
        return await query(connector)
