"""Write the history of another migration tool, one row at a time, as that tool would."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import psycopg
from psycopg import AsyncConnection, sql

from koonj.config import Target
from koonj.migrations.layouts.tool_writer import HistoryPlace, RowChange
from koonj.postgres.advisory_lock import KEY
from koonj.postgres.errors import error_message
from koonj.postgres.history import HistoryError, NotWrittenError
from koonj.postgres.queries import numbered_text, query
from koonj.postgres.session import own_transaction

_LAST = "-- last part\n"
"""The line of a query between its CTEs and its statement."""
_CHANGED = re.compile(r"\b(INSERT) INTO \{(\w+)\}|\b(UPDATE) \{(\w+)\}|\b(DELETE) FROM \{(\w+)\}")


@dataclass(frozen=True, slots=True)
class ToolTable:
    """A table of a tool."""

    schema: str
    name: str

    @property
    def place(self) -> str:
        """Qualified name, for the user."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class ToolTables:
    """The tables of a tool: those that exist, and those that it would make."""

    history: ToolTable
    """The one with a row for each migration."""
    by_key: Mapping[str, ToolTable] = field(default_factory=dict)
    """All of them, by `HistoryTable.key`."""
    missing: frozenset[str] = frozenset()
    """The keys of those that do not exist."""

    def in_text(self, text: str) -> sql.Composed:
        """Return a text with the quoted names in the places of ``{table}``, ``{schema}`` and ``{KEY}``."""
        names = {key: sql.Identifier(table.schema, table.name) for key, table in self.by_key.items()}
        history = sql.Identifier(self.history.schema, self.history.name)
        return sql.SQL(text).format(
            **{**names, "table": history, "schema": sql.Identifier(self.history.schema)}
        )


async def check_writable(
    conn: AsyncConnection,
    tables: ToolTables,
    columns: Mapping[str, Iterable[str]],
    changes: Iterable[RowChange] = (),
) -> None:
    """Refuse tables if koonj cannot know what else happens when it writes a row. Only reads the catalog.

    Args:
        conn: the connection.
        tables: of the tool; those that do not exist are not looked at.
        columns: those that the tool has made, by the key of the table.
        changes: what will be written; the role must have the right to.

    Raises: HistoryError; psycopg.Error.
    """
    rights = rights_of(changes)
    for key, known in columns.items():
        table = tables.by_key[key]
        needed = {*rights.get(key, ()), *(rights.get("table", ()) if table == tables.history else ())}
        values = {
            "schema": table.schema,
            "table": table.name,
            "columns": sorted(known),
            "rights": sorted(needed),
        }
        cursor = await conn.execute(query("layouts/write_findings"), values)
        found = await cursor.fetchone()
        if found is not None:
            raise HistoryError(
                f"{table.place} {found[0]}. So koonj cannot keep it as its tool does. Nothing was changed.",
                "Run the migration with that tool, or connect as the role that the tool uses.",
            )


def rights_of(changes: Iterable[RowChange]) -> dict[str, set[str]]:
    """Return the rights that queries need, by the key of the table (``table`` is the history)."""
    rights: dict[str, set[str]] = {}
    for text in {query(change.query) for change in changes}:
        for found in _CHANGED.finditer(text):
            verb, key = (group for group in found.groups() if group is not None)
            rights.setdefault(key, set()).add(verb)
    return rights


async def create(
    conn: AsyncConnection,
    target: Target,
    tables: ToolTables,
    name: str,
    columns: Mapping[str, Iterable[str]],
) -> None:
    """Make the tables in a transaction of its own. `name`: of the query.

    Raises: HistoryError if they could not be made, or if an event trigger has changed them; psycopg.Error.
    """
    history = tables.history
    try:
        async with own_transaction(conn, target):
            await conn.execute(tables.in_text(query(name)))
            await check_writable(conn, tables, columns)
    except psycopg.errors.InsufficientPrivilege as error:
        raise HistoryError(
            f"{history.place} could not be created: {error_message(error)}. Nothing was changed.",
            f"Run: GRANT CREATE ON SCHEMA {history.schema} TO …;",
            error.sqlstate,
        ) from error


def guarded_change(
    tables: ToolTables, change: RowChange, keys: Iterable[int] = ()
) -> tuple[bytes, tuple[bytes | None, ...]]:
    """Return a statement that makes the change, and its values in text form.

    It fails with invalid_text_representation unless it changes a row, and its session holds the koonj lock
    and the tool's locks `keys`.
    """
    guard = query("flight/tool_row_guard")
    before, _, last = query(change.query).rpartition(_LAST)
    opening = f"{before.rstrip()},\n" if before else "WITH "
    # A CTE that changes rows must be at the top, so the change's own CTEs stand beside it.
    # source: PostgreSQL doc, 7.8.4 Data-Modifying Statements in WITH
    text, names = numbered_text(f"{opening}entry AS (\n{last.rstrip()}\nRETURNING 1\n)\n{guard}")
    values = {**change.values, "locks": f"{{{','.join(map(str, (KEY, *keys)))}}}"}
    return tables.in_text(text.decode()).as_bytes(None), tuple(_encoded(values[name]) for name in names)


def tool_settings(
    tables: ToolTables, name: str, place: HistoryPlace
) -> tuple[bytes, tuple[bytes | None, ...]]:
    """Return the statement that sets what the tool sets at the start of a migration, with its values."""
    text, names = numbered_text(query(name))
    values = _values_of(place)
    return tables.in_text(text.decode()).as_bytes(None), tuple(values[name].encode() for name in names)


async def set_tool_settings(
    conn: AsyncConnection, tables: ToolTables, name: str, place: HistoryPlace
) -> None:
    """Set what the tool sets at the start of a migration.

    Raises: psycopg.Error.
    """
    await conn.execute(tables.in_text(query(name)), _values_of(place))


async def make_change(conn: AsyncConnection, tables: ToolTables, change: RowChange) -> None:
    """Make the change in the transaction that is open.

    Raises: NotWrittenError unless it changes a row; psycopg.Error.
    """
    if not await changed_rows(conn, tables, change):
        raise NotWrittenError(f"{tables.history.place} has no row of this migration.")


async def changed_rows(conn: AsyncConnection, tables: ToolTables, change: RowChange) -> int:
    """Make the change, and return how many rows it has changed.

    Raises: psycopg.Error.
    """
    cursor = await conn.execute(tables.in_text(query(change.query)), change.values)
    return cursor.rowcount


def _values_of(place: HistoryPlace) -> dict[str, str]:
    return {
        "database": place.database,
        "schema": place.schema,
        "table": place.table,
        "user": place.user,
    }


def _encoded(value: str | None) -> bytes | None:
    return None if value is None else value.encode()
