"""Read the history of another migration tool, with SELECT only.

The catalog says first which tables there are, and whether one of them could run code of another role. Only
then is it read, by its qualified name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import AsyncConnection, sql

from koonj.migrations.layouts.tool_history import HistoryTable, ToolHistory
from koonj.postgres.errors import error_message
from koonj.postgres.history import HistoryError
from koonj.postgres.outside_cause import retry_hint
from koonj.postgres.queries import query
from koonj.postgres.reading_settings import set_local


@dataclass(frozen=True, slots=True)
class _Found:
    """A row of find_tables.sql."""

    schema: str
    name: str
    is_current: bool
    """It is in the current schema of the session."""
    is_readable: bool
    findings: Sequence[str]
    """Why it is not read."""
    columns: Sequence[str]
    types: Sequence[str]

    @property
    def place(self) -> str:
        """Qualified name, for the user."""
        return f"{self.schema}.{self.name}"

    def fits(self, table: HistoryTable) -> bool:
        """Return whether it has the columns of this form of the table, and the schema."""
        types = dict(zip(self.columns, self.types, strict=True))
        return (
            self.name == table.name
            and table.schema in {None, self.schema}
            and all(types.get(column) in wanted for column, wanted in table.columns.items())
        )

    def described(self) -> str:
        """Return the name and the columns with their types."""
        columns = (f"{column} {type_}" for column, type_ in zip(self.columns, self.types, strict=True))
        return f"{self.place} ({', '.join(columns)})"


async def read_tool_history(conn: AsyncConnection, tool: str, tables: Sequence[HistoryTable]) -> ToolHistory:
    """Return the rows of a tool's tables. Needs an open READ ONLY transaction, whose settings it changes.

    Raises: HistoryError if a table is of another tool, cannot be read, or could run code of another role.
    """
    names = sorted({table.name for table in tables})
    cursor = await conn.execute(query("layouts/find_tables"), {"names": names})
    found = [_Found(*row) for row in await cursor.fetchall()]
    await conn.execute(";\n".join((set_local(), query("restrict_reading"))).encode())
    rows, places, relations = {}, {}, {}
    for key in dict.fromkeys(table.key for table in tables):
        forms = [table for table in tables if table.key == key]
        chosen = _chosen(found, forms, tool)
        if chosen is not None:
            table, place = chosen
            rows[key], places[key] = await _rows(conn, table, place), place.place
            relations[key] = place.schema, place.name
    return ToolHistory(rows, places, relations)


def _chosen(
    found: Iterable[_Found], forms: Sequence[HistoryTable], tool: str
) -> tuple[HistoryTable, _Found] | None:
    """Return the table and the form that it has; None if the database has none.

    Raises: HistoryError.
    """
    named = [
        one for one in found if any(one.name == f.name and f.schema in {None, one.schema} for f in forms)
    ]
    fitting = [(form, one) for one in named for form in forms if one.fits(form)]
    places = dict.fromkeys(one.place for _, one in fitting)
    current = [(form, one) for form, one in fitting if one.is_current]
    if len(places) > 1 and not current:
        raise HistoryError(
            f"Several tables can be the history of {tool}: {', '.join(places)}.",
            f"Connect with the search_path of {tool}: add options=-csearch_path=SCHEMA to the dsn.",
        )
    if not fitting:
        if named:
            raise HistoryError(
                f"{named[0].described()} is not a history of {tool}: it has other columns.",
                "Another tool has made it. To name that tool, write layout = … into koonj.toml.",
            )
        return None
    form, one = (current or fitting)[0]
    if one.findings:
        raise HistoryError(
            f"{one.place} {one.findings[0]}. koonj does not read it, because it could run code of another "
            "role as the role that connected.",
            "Connect as the role that owns the table, or change that.",
        )
    if not one.is_readable:
        raise HistoryError(
            f"{one.place} could not be read: this role has no right to.",
            f"Run: GRANT USAGE ON SCHEMA {one.schema} TO …; GRANT SELECT ON {one.place} TO …;",
        )
    return form, one


async def _rows(conn: AsyncConnection, table: HistoryTable, found: _Found) -> tuple[tuple[object, ...], ...]:
    """Raises: HistoryError."""
    text = sql.SQL(query(table.query)).format(table=sql.Identifier(found.schema, found.name))
    try:
        cursor = await conn.execute(text)
        return tuple(await cursor.fetchall())
    except psycopg.Error as error:
        if conn.broken or conn.closed:
            raise
        message = f"{found.place} could not be read: {error_message(error)}"
        raise HistoryError(message, retry_hint(error), error.sqlstate) from error
