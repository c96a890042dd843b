"""One question to a target, for the commands that ask only one."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import psycopg

from koonj.cli.diagnostics import CommandError
from koonj.config import Target
from koonj.postgres.connector import ConnectError, Connector
from koonj.postgres.errors import error_message
from koonj.postgres.history import HistoryError

Answer = TypeVar("Answer")


def answer_of(target: Target, question: Callable[[Connector], Awaitable[Answer]]) -> Answer:
    """Ask, and close every connection. Raises CommandError."""
    try:
        return asyncio.run(_ask(question))
    except (ConnectError, HistoryError) as error:
        raise CommandError(f"{target.name}: {error.message}", error.hint) from error
    except psycopg.Error as error:
        message = error_message(error)
        hint = "The connection was lost while reading. Try again."
        raise CommandError(f"{target.name}: {message}", hint) from error


async def _ask(question: Callable[[Connector], Awaitable[Answer]]) -> Answer:
    async with Connector() as connector:
        return await question(connector)
