"""Read koonj.history by pages, newest first: a target can have a hundred thousand entries."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import AsyncConnection

from koonj.migrations.history_entry import HistoryEntry
from koonj.postgres.history import READING_HINT, explained, is_safe_to_read
from koonj.postgres.history_inspection import Inspection
from koonj.postgres.history_rows import entries_of_rows
from koonj.postgres.queries import filled, query

_ABOVE_ALL = 2**63 - 1
"""The id that all entries are below."""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some entries, newest first."""

    entries: tuple[HistoryEntry, ...]
    total: int
    """Number of all entries of the history."""


async def read_page(
    conn: AsyncConnection, found: Inspection, limit: int, below: int | None = None
) -> HistoryPage:
    """Return the newest `limit` entries whose id is below `below` (None: all).

    None if the history does not exist. Ends the open transaction. `found`: what an inspection saw in it.

    Raises: HistoryError.
    """
    if not is_safe_to_read(found):
        return HistoryPage((), 0)
    values = {"below": _ABOVE_ALL if below is None else below, "limit": limit}
    errors = filled(conn, "read_page_errors", values) if found.may_read_errors else "SELECT WHERE false"
    number = "SELECT pg_catalog.count(*) FROM koonj.history"
    page = filled(conn, "read_history_page", values)
    with explained("read", READING_HINT):
        cursor = await conn.execute(
            ";\n".join((query("restrict_reading"), number, errors, page, "COMMIT")).encode()
        )
        cursor.nextset()
        [(total,)] = await cursor.fetchall()
        cursor.nextset()
        failed = {int(row[0]): str(row[1]) for row in await cursor.fetchall()}
        cursor.nextset()
        return HistoryPage(await entries_of_rows(cursor, failed), int(total))
