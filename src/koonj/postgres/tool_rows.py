"""Write the history of another migration tool, one row at a time, as that tool would."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from psycopg import AsyncConnection, sql

from koonj.config import Target
from koonj.migrations.layouts.tool_writer import RowChange
from koonj.postgres.advisory_lock import KEY
from koonj.postgres.errors import error_message
from koonj.postgres.history import HistoryError, NotWrittenError
from koonj.postgres.queries import numbered_text, query
from koonj.postgres.session import own_transaction


@dataclass(frozen=True, slots=True)
class ToolTable:
    """The table with the history of a tool."""

    schema: str
    name: str

    @property
    def place(self) -> str:
        """Qualified name, for the user."""
        return f"{self.schema}.{self.name}"

    def in_text(self, text: str) -> sql.Composed:
        """Return a text with the quoted name in the place of ``{table}``."""
        return sql.SQL(text).format(table=sql.Identifier(self.schema, self.name))


async def check_writable(conn: AsyncConnection, table: ToolTable, columns: Iterable[str]) -> None:
    """Refuse a table if koonj cannot know what else happens when it writes a row. Only reads the catalog.

    `columns`: those that the tool has made.

    Raises: HistoryError; psycopg.Error.
    """
    values = {"schema": table.schema, "table": table.name, "columns": sorted(columns)}
    cursor = await conn.execute(query("layouts/write_findings"), values)
    found = await cursor.fetchone()
    if found is not None:
        raise HistoryError(
            f"{table.place} {found[0]}. So koonj cannot keep it as its tool does. Nothing was changed.",
            "Run the migration with that tool, or connect as the role that the tool uses.",
        )


async def create(
    conn: AsyncConnection, target: Target, table: ToolTable, name: str, columns: Iterable[str]
) -> None:
    """Make the table in a transaction of its own. `name`: of the query.

    Raises: HistoryError if it could not be made, or if an event trigger has changed it; psycopg.Error.
    """
    try:
        async with own_transaction(conn, target):
            await conn.execute(table.in_text(query(name)))
            await check_writable(conn, table, columns)
    except psycopg.errors.InsufficientPrivilege as error:
        raise HistoryError(
            f"{table.place} could not be created: {error_message(error)}. Nothing was changed.",
            f"Run: GRANT CREATE ON SCHEMA {table.schema} TO …;",
            error.sqlstate,
        ) from error


def guarded_change(table: ToolTable, change: RowChange) -> tuple[bytes, tuple[bytes, ...]]:
    """Return a statement that makes the change, and its values in text form.

    It fails with invalid_text_representation unless it changes a row, and its session holds the koonj lock.
    """
    row, guard = query(change.query), query("flight/row_guard")
    text, names = numbered_text(f"WITH entry AS (\n{row}RETURNING 1\n)\n{guard}")
    values = {**change.values, "key": str(KEY)}
    return table.in_text(text.decode()).as_bytes(None), tuple(values[name].encode() for name in names)


async def make_change(conn: AsyncConnection, table: ToolTable, change: RowChange) -> None:
    """Make the change in the transaction that is open.

    Raises: NotWrittenError unless it changes exactly one row; psycopg.Error.
    """
    text = table.in_text(query(change.query))
    cursor = await conn.execute(text, change.values)
    if cursor.rowcount != 1:
        count = cursor.rowcount
        raise NotWrittenError(f"{table.place} has {count} rows of this migration, and not one.")
