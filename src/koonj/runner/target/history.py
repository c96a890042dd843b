"""Read the history entries of a target, and the texts that they recorded."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

from koonj.config import Target
from koonj.migrations.history_entry import HistoryEntry, entries_with_earlier_names
from koonj.postgres import history
from koonj.postgres.connector import Connector
from koonj.postgres.history_page import (
    HistoryPage,
    NamedEntries,
    read_next_page,
    read_page,
    with_earlier_names,
)
from koonj.postgres.overview import Overview, first_look, overview
from koonj.postgres.target_identity import check_identity

PAGE = 1000
"""Entries that are read at once, if all are wanted."""

Warn = Callable[[str], None]
"""Takes a sentence about the target, before its entries."""


def _ignore(_: str) -> None:
    """Default of `warn`: say nothing; the screen says it beside the target."""


async def read_history(
    connector: Connector, target: Target, name: str | None = None
) -> tuple[HistoryEntry, ...]:
    """Return the history entries, oldest first: all, or those of the migration `name`.

    Runs only SELECT.

    Raises:
        ConnectError: The target cannot be reached.
        HistoryError: The history cannot be read.
    """
    async with first_look(connector, target, name="koonj history") as (conn, found):
        entries = await history.read_entries(conn, found.history, end=True)
    return entries if name is None else entries_with_earlier_names(entries, name)


async def read_history_page(
    connector: Connector, target: Target, limit: int, below: int | None = None, warn: Warn = _ignore
) -> HistoryPage:
    """Return the newest `limit` history entries whose id is below `below` (None: all), newest first.

    `warn`: called if the target is another database than before.

    Raises:
        ConnectError: The target cannot be reached.
        HistoryError: The history cannot be read.
    """
    async with first_look(connector, target, name="koonj history") as (conn, found):
        await _check(target, found, warn)
        return await read_page(conn, found.history, limit, below)


async def history_pages(
    connector: Connector, target: Target, wanted: NamedEntries | None = None, warn: Warn = _ignore
) -> AsyncGenerator[tuple[HistoryEntry, ...], None]:
    """Yield the history entries, oldest first, in pages: all, or those of some migrations.

    Entries under earlier names of these migrations count too. Each page is read in a transaction of its own,
    so that a reader who takes long keeps none open. `warn`: called if the target is another database than
    before.

    Raises:
        ConnectError: The target cannot be reached.
        HistoryError: The history cannot be read.
    """
    async with await connector.connect(target, name="koonj history") as conn:
        if wanted is not None:
            async with overview(conn, target) as found:
                wanted = await with_earlier_names(conn, found.history, wanted)
        after, is_first = 0, True
        while True:
            async with overview(conn, target) as found:
                if is_first:
                    await _check(target, found, warn)
                    is_first = False
                page = await read_next_page(conn, found.history, PAGE, after, wanted)
            if page:
                yield page
            if len(page) < PAGE:
                return
            after = page[-1].id


async def _check(target: Target, found: Overview, warn: Warn) -> None:
    identity = await check_identity(target, found.server)
    if identity.words:
        warn(identity.words)


async def recorded_text(connector: Connector, target: Target, entry_id: int) -> str | None:
    """Return the file text that a history entry recorded; None if it is not found.

    Raises:
        ConnectError: The target cannot be reached.
        HistoryError: The history cannot be read.
    """
    async with first_look(connector, target, name="koonj history") as (conn, found):
        return await history.read_script(conn, entry_id, found.history, end=True)
