"""Put made-up rows into the tables of a scratch database, inside an open transaction."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from psycopg import AsyncConnection, sql
from psycopg.rows import tuple_row

from koonj.postgres.made_rows.checks import satisfy
from koonj.postgres.made_rows.column_constants import ColumnConstants
from koonj.postgres.made_rows.odd_values import Mentions, lengths
from koonj.postgres.made_rows.plan import Planner
from koonj.postgres.made_rows.sequences import moves, read_sequences, take_value
from koonj.postgres.made_rows.tables import Table, Types, read_tables, read_types
from koonj.postgres.made_rows.values import Maker, Style
from koonj.postgres.queries import query
from koonj.sql.factors import factors
from koonj.sql.json_paths import json_keys, json_paths
from koonj.sql.literals import Literals, literals
from koonj.sql.text_parts import text_parts

_FEW_TABLES = 8
"""Maximum number of tables in a database of which koonj always fills all tables."""
_MOST_TABLES = 60
"""The same if the statements can reach tables that they do not name."""
_REACHES_ANY = frozenset(
    {"cascade", "schema", "owned", "execute", "format", "pg_class", "information_schema"}
)
"""Words of statements that can reach tables without naming them."""
_DEFINES = frozenset({"function", "procedure"})
"""Words of statements that define what another statement calls."""


@dataclass(frozen=True, slots=True)
class Filling:
    """What is needed to make up rows: read once, used for every style."""

    tables: tuple[Table, ...]
    types: Types
    found: Literals
    """Constants of the migration, and of the functions that the statements can call."""
    restored: Literals
    """Constants of the rollback."""
    texts: tuple[str, ...]
    """All statements, and the texts of those functions."""
    called: frozenset[str]
    """Words of the functions and views that the statements can reach."""
    whole: bool
    """Whether `tables` are all tables of the database."""
    mentions: Mentions
    """What all these texts name."""

    @property
    def names(self) -> frozenset[str] | None:
        """Qualified names of the tables as pg_catalog.quote_ident writes them; None: all of the database."""
        return None if self.whole else frozenset(table.plain for table in self.tables)


async def prepare_filling(conn: AsyncConnection, body: Sequence[str], rollback: Sequence[str]) -> Filling:
    """Read the catalog, and the constants in the statements and in the functions that they can call.

    `body`, `rollback`: the statements of the migration and of its rollback. If the database has many tables,
    only those are filled that the statements or these functions name, and the ones next to them.

    Raises: psycopg.Error.
    """
    tables, types = await read_tables(conn), await read_types(conn)
    called = _reached(words(" ".join((*body, *rollback))), await _callable_texts(conn))
    named = words(" ".join((*body, *rollback, *called)))
    unknown = not named.isdisjoint(_REACHES_ANY) and len(tables) <= _MOST_TABLES
    whole = len(tables) <= _FEW_TABLES or unknown
    if not whole:
        tables = _needed(tables, named)
    columns = {column.name.lower() for table in tables for column in table.columns}
    found, restored = literals([*body, *called], columns), literals(rollback, columns)
    texts = (*body, *rollback, *called)
    defined = [text for text in (*body, *rollback) if not words(text).isdisjoint(_DEFINES)]
    reached = words(" ".join((*called, *defined)))
    return Filling(tables, types, found, restored, texts, reached, whole, _mentions(texts, named))


def _mentions(texts: Sequence[str], named: frozenset[str]) -> Mentions:
    return Mentions(
        named,
        lengths(re.findall(r"\d+", " ".join(texts))),
        json_paths(texts) + json_keys(texts),
        factors(texts),
        text_parts(texts),
    )


def words(text: str) -> frozenset[str]:
    """Return the words of a text in lower case."""
    return frozenset(re.findall(r"[^\W\d]\w*", text.lower()))


def _reached(named: frozenset[str], texts: Sequence[tuple[str, str]]) -> list[str]:
    """Return the texts of functions, views and triggers that the words name, and of those that these name."""
    known, found = named, list[str]()
    while True:
        found = [text for name, text in texts if name.lower() in known]
        more = known.union(*map(words, found))
        if more == known:
            return found
        known = more


def _needed(tables: Sequence[Table], named: Collection[str]) -> tuple[Table, ...]:
    """Return the tables that are named, all that refer to them, and those to which these refer."""
    wanted = {
        table.oid
        for table in tables
        if table.name.lower() in named or any(part.name.lower() in named for part in table.bounds)
    }
    keys = [(t.oid, c.references) for t in tables for c in t.constraints if c.kind == "f"]
    while new := {child for child, parent in keys if parent in wanted} - wanted:
        wanted |= new
    wanted |= {parent for child, parent in keys if child in wanted}
    return tuple(table for table in tables if table.oid in wanted)


async def _callable_texts(conn: AsyncConnection) -> list[tuple[str, str]]:
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("scratch/callable_texts"), prepare=False)
        return [(row[0], row[1]) for row in await cursor.fetchall()]


async def fill(
    conn: AsyncConnection, filling: Filling, style: Style, empty: Collection[tuple[str, str]] = ()
) -> Mapping[str, str]:
    """Insert rows into all tables, move sequences, fill materialized views.

    Triggers and foreign keys are off. `empty`: schemas and names of tables that stay as they are. Returns why
    the server refused rows, by table.

    Raises: psycopg.Error.
    """
    await conn.execute("SET LOCAL session_replication_role TO replica", prepare=False)
    large = any("lo_" in text or "largeobject" in text for text in map(str.lower, filling.texts))
    maker = Maker(filling.types, style, large_objects=large)
    constants = ColumnConstants(filling.types, filling.found, filling.restored, filling.called)
    planner = Planner(filling.tables, maker, constants, filling.mentions)
    tables = [table for table in filling.tables if (table.schema, table.name) not in empty]
    await satisfy(conn, planner, tables)
    refused = await _try(conn, [[planner.insert_all(table)] for table in tables])
    again = [table for table, why in zip(tables, refused, strict=True) if why]
    found: dict[str, str] = {}
    if again:
        rows = [(table, tries) for table in again for tries in planner.alternatives(table)]
        for (table, _), why in zip(rows, await _try(conn, [tries for _, tries in rows]), strict=True):
            if why:
                found[table.qualified] = why
    if large:
        await _try(conn, [[f"SELECT pg_catalog.lo_from_bytea(0, 'object {i}')"] for i in range(3)])
    await _try(conn, await _after(conn))
    await conn.execute("SET LOCAL session_replication_role TO origin", prepare=False)
    return found


async def remove_dead_rows(conn: AsyncConnection) -> None:
    """Remove the rows of rolled-back transactions from all tables, outside a transaction.

    The build of an index reads them, so they would be counted as scanned rows.

    Raises: psycopg.Error.
    """
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("scratch/files_with_rows"), prepare=False)
        if names := [sql.Identifier(*row) for row in await cursor.fetchall()]:
            await cursor.execute(sql.SQL("VACUUM {}").format(sql.SQL(", ").join(names)), prepare=False)


async def _after(conn: AsyncConnection) -> list[list[str]]:
    """Return the statements that move sequences and fill materialized views.

    After the moves, a value of each sequence is taken: without it, ``setval(s, last_value, false)`` would
    change nothing.
    """
    sequences = await read_sequences(conn)
    texts = [moves(sequence) for sequence in sequences]
    texts += [[take_value(sequence)] for sequence in sequences]
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("scratch/materialized_views"), prepare=False)
        texts += [[f"REFRESH MATERIALIZED VIEW {name}"] for (name,) in await cursor.fetchall()]
    return texts


async def _try(conn: AsyncConnection, lists: Sequence[Sequence[str]]) -> list[str]:
    """Run the first text of each list that succeeds; return an error for each list, or an empty text."""
    if not lists:
        return []
    await conn.execute(
        "SELECT pg_catalog.set_config('koonj.tries', %s, true)", (json.dumps(lists),), prepare=False
    )
    await conn.execute(query("scratch/try_statements"), prepare=False)
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(
            "SELECT pg_catalog.current_setting('koonj.tried'), pg_catalog.current_setting('koonj.refused')",
            prepare=False,
        )
        row = await cursor.fetchone()
    assert row is not None
    return [why if at < 0 else "" for at, why in zip(json.loads(row[0]), json.loads(row[1]), strict=True)]
