"""Read the names in a target's catalog for a form: read-only, with short limits, and never without end."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack

import psycopg
from psycopg import AsyncConnection

from koonj.config import Target
from koonj.patterns.catalog_snapshot import (
    CatalogSnapshot,
    Column,
    Index,
    Name,
    Relation,
    SchemaObject,
    TableObject,
)
from koonj.postgres.answer_limit import LimitedAsyncConnection
from koonj.postgres.connector import ConnectError, Connector
from koonj.postgres.queries import query
from koonj.postgres.read_transaction import Rows, read_transaction
from koonj.postgres.readable_text import EscapedText
from koonj.postgres.reading_settings import set_local

_QUERIES: Mapping[str, int] = {
    "relations": 5000,
    "columns": 50000,
    "indexes": 10000,
    "table_objects": 5000,
    "schema_objects": 3000,
    "names": 1000,
}
"""Each query, and the number of rows from which on something may be left out."""
_LIMITS = {"statement_timeout": "'5s'", "lock_timeout": "'1s'"}
_LONGEST = 4000
"""Characters of a definition that a form can take."""
_KINDS = {
    "r": "table",
    "p": "partitioned table",
    "v": "view",
    "m": "materialized view",
    "f": "foreign table",
    "S": "sequence",
}
_LINE_END = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*")|\s*\n\s*""")


async def read_form_catalog(connector: Connector, target: Target) -> CatalogSnapshot:
    """Return what the target's catalog says, in two round trips of a READ ONLY transaction.

    Raises: ConnectError, psycopg.Error.
    """
    kept = connector.take_kept(target)
    if kept is not None:
        try:
            return await _read(connector, target, kept)
        except (ConnectError, psycopg.Error):
            if not kept.closed:
                raise
    return await _read(connector, target, await connector.connect(target, name="koonj names"))


async def _read(connector: Connector, target: Target, conn: LimitedAsyncConnection) -> CatalogSnapshot:
    async with AsyncExitStack() as stack:
        stack.push_async_callback(connector.give_back, target, conn)
        return await read_names(conn, target)


async def read_names(conn: AsyncConnection, target: Target) -> CatalogSnapshot:
    """Return what the catalog of an open connection says, as the target's role.

    Raises: ConnectError, psycopg.Error.
    """
    questions = (
        "SELECT pg_catalog.current_schemas(false)::pg_catalog.text[]",
        set_local(_LIMITS),
        *(query(f"form/{name}") for name in _QUERIES),
    )
    async with read_transaction(conn, target, questions=questions) as opened:
        [[(search_path,)], *answers] = opened.answers
        rows = dict(zip(_QUERIES, answers, strict=True))
        definitions = await _definitions(conn)
        return await asyncio.to_thread(_snapshot, tuple(search_path), rows, definitions)


async def _definitions(conn: AsyncConnection) -> Mapping[int, str | None]:
    """Return the queries of views and the definitions of indexes by oid; none if a table is locked."""
    try:
        cursor = await conn.execute(query("form/definitions"))
        rows = await cursor.fetchall()
    except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled):
        return {}
    return {
        oid: one_line(text) if not head else text.removeprefix(head) if text.startswith(head) else None
        for oid, head, text in rows
    }


def one_line(text: str) -> str | None:
    """Return the query of a view in one line, without its semicolon; None if a string has a line end."""
    if any("\n" in part[1] for part in _LINE_END.finditer(text) if part[1]):
        return None
    return _definition(_LINE_END.sub(lambda part: part[1] or " ", text).strip().removesuffix(";"))


def _definition(text: str | None) -> str | None:
    return text if text is not None and len(text) <= _LONGEST else None


def _snapshot(
    search_path: tuple[str, ...], rows: Mapping[str, Rows], definitions: Mapping[int, str | None]
) -> CatalogSnapshot:
    names = rows["names"]
    ids: Mapping[int, Name] = {row[0]: (row[1], row[2]) for row in rows["relations"]}
    return CatalogSnapshot(
        schemas=_named(names, "schema"),
        search_path=search_path,
        relations=tuple(_relations(rows["relations"], rows["columns"], ids, definitions)),
        indexes=tuple(_indexes(rows["indexes"], ids, definitions)),
        table_objects=tuple(
            TableObject(thing, name, ids[table], _definition(text and text.removesuffix(" NOT VALID")))
            for thing, name, table, text in rows["table_objects"]
            if table in ids
        ),
        schema_objects=tuple(
            SchemaObject(thing, schema, name, detail, tuple(labels), comment)
            for thing, schema, name, detail, labels, comment in rows["schema_objects"]
        ),
        roles=tuple(name for name in _named(names, "role") if not isinstance(name, EscapedText)),
        extensions={name: is_there for thing, name, is_there in names if thing == "extension"},
        is_cut=any(len(rows[name]) >= most for name, most in _QUERIES.items()),
    )


def _named(names: Rows, thing: str) -> tuple[str, ...]:
    return tuple(sorted(name for kind, name, _ in names if kind == thing))


def _relations(
    rows: Rows, columns: Rows, ids: Mapping[int, Name], definitions: Mapping[int, str | None]
) -> Iterable[Relation]:
    of: dict[int, list[Column]] = {}
    for table, name, data_type, not_null in columns:
        of.setdefault(table, []).append(Column(name, data_type, not_null))
    parts: dict[int, list[int]] = {}
    for row in rows:
        parts.setdefault(row[6], []).append(row[0])
    known = {row[0]: (row[4], row[5]) for row in rows}
    for oid, schema, name, kind, own_size, own_rows, parent, comment in sorted(
        rows, key=lambda row: row[1:3]
    ):
        is_parted = kind == "p"
        yield Relation(
            schema,
            name,
            _KINDS[kind],
            _sum(known, parts, oid, 0) if is_parted else own_size,
            _sum(known, parts, oid, 1) if is_parted else own_rows,
            ids.get(parent),
            tuple(of.get(oid, ())),
            definitions.get(oid),
            comment,
        )


def _sum(
    known: Mapping[int, Sequence[int | None]], parts: Mapping[int, list[int]], oid: int, which: int
) -> int | None:
    """Return the size or the rows of all partitions below; None if nothing is known."""
    below, found = list(parts.get(oid, ())), []
    while below:
        part = below.pop()
        found.append(known[part][which])
        below += parts.get(part, ())
    measured = [one for one in found if one is not None]
    return sum(measured) if measured else None


def _indexes(rows: Rows, ids: Mapping[int, Name], definitions: Mapping[int, str | None]) -> Iterable[Index]:
    for oid, schema, name, table, unique, columns, whole in rows:
        if table in ids:
            text = _definition(definitions.get(oid))
            yield Index(schema, name, ids[table], text, unique, tuple(columns), whole)
