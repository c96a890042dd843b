"""Read koonj.history by pages: a target can have a hundred thousand entries."""

from __future__ import annotations

from dataclasses import dataclass, replace

from psycopg import AsyncConnection, AsyncCursor

from koonj.migrations.history_entry import HistoryEntry, split_allowed
from koonj.migrations.names import number_of
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
    page = filled(conn, "read_history_page", values)
    cursor = await _answers(conn, "SELECT pg_catalog.count(*) FROM koonj.history", errors, page)
    [(total,)] = await cursor.fetchall()
    cursor.nextset()
    return HistoryPage(await _entries(cursor), int(total))


@dataclass(frozen=True, slots=True)
class NamedEntries:
    """Which migrations' entries are wanted."""

    names: tuple[str, ...] = ()
    """File names."""
    number: int | None = None
    """Also those whose file name begins with this number."""

    def match(self, name: str) -> bool:
        """Return whether the entries of a file name are wanted."""
        return name in self.names or (self.number is not None and number_of(name) == self.number)

    @property
    def start(self) -> str | None:
        """The number as a regular expression of PostgreSQL; None: no name matches."""
        if self.number is None:
            return None
        return f"^0*{self.number}([^0-9]|$)" if self.number else "^(0+([^0-9]|$)|[^0-9])"


async def with_earlier_names(conn: AsyncConnection, found: Inspection, wanted: NamedEntries) -> NamedEntries:
    """Return also the names that these migrations had before. Ends the open transaction.

    Raises: HistoryError.
    """
    if not is_safe_to_read(found):
        return wanted
    cursor = await _answers(conn, query("read_renames"))
    for name, allowed in await cursor.fetchall():
        earlier = split_allowed(allowed)[1]
        if earlier is not None and wanted.match(name):
            wanted = replace(wanted, names=(*wanted.names, earlier))
    return wanted


async def read_next_page(
    conn: AsyncConnection, found: Inspection, limit: int, after: int, wanted: NamedEntries | None = None
) -> tuple[HistoryEntry, ...]:
    """Return the oldest `limit` entries whose id is above `after`, oldest first. Ends the open transaction.

    `wanted`: of which migrations; None: of all.

    Raises: HistoryError.
    """
    if not is_safe_to_read(found):
        return ()
    values = {
        "after": after,
        "limit": limit,
        "names": None if wanted is None else list(wanted.names),
        "start": None if wanted is None else wanted.start,
    }
    errors = filled(conn, "read_next_errors", values) if found.may_read_errors else "SELECT WHERE false"
    return await _entries(await _answers(conn, errors, filled(conn, "read_next_page", values)))


async def _answers(conn: AsyncConnection, *texts: str) -> AsyncCursor:
    """Read in the open transaction, and end it. Return the cursor at the first answer."""
    with explained("read", READING_HINT):
        cursor = await conn.execute(";\n".join((query("restrict_reading"), *texts, "COMMIT")).encode())
    cursor.nextset()
    return cursor


async def _entries(cursor: AsyncCursor) -> tuple[HistoryEntry, ...]:
    """Return the entries of the next two answers: the errors, and the rows."""
    failed = {int(row[0]): str(row[1]) for row in await cursor.fetchall()}
    cursor.nextset()
    return await entries_of_rows(cursor, failed)
