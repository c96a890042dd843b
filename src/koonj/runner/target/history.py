"""The entries on a target, for a person who wants to know what happened."""

from __future__ import annotations

from koonj.config import Target
from koonj.migrations.history_entry import HistoryEntry
from koonj.postgres import history
from koonj.postgres.connector import Connector


async def read_history(
    connector: Connector, target: Target, name: str | None = None
) -> tuple[HistoryEntry, ...]:
    """Every entry, oldest first, or those on one migration. SELECT only.

    Raises ConnectError, HistoryError.
    """
    conn = await connector.connect(target, name="koonj history")
    async with conn:
        entries = await history.read_entries(conn)
    return tuple(entry for entry in entries if name in (None, entry.name))


async def recorded_text(connector: Connector, target: Target, entry_id: int) -> str | None:
    """The text that ran in one entry; None where there is no such entry.

    Raises ConnectError, HistoryError.
    """
    conn = await connector.connect(target, name="koonj history")
    async with conn:
        return await history.read_script(conn, entry_id)
