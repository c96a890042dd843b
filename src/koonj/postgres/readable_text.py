"""Read texts that the encoding of a database cannot show, such as names of roles.

The names of roles, databases and tablespaces belong to the whole server. They are stored as the bytes that
the database had in which they were created, and another database can have another encoding. Then the server
refuses to send such a name, or sends bytes that are not UTF-8.

Source: PostgreSQL doc, "Character Set Support".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

from psycopg import AsyncConnection, Connection, errors
from psycopg.rows import tuple_row

from koonj.postgres.encoding import encoding_of, stores_all
from koonj.postgres.queries import query

UNREADABLE = (errors.CharacterNotInRepertoire, errors.UntranslatableCharacter, UnicodeDecodeError)
"""What a read raises if a text cannot be shown."""
RAW = "SET LOCAL client_encoding TO SQL_ASCII"
"""Lets the server send texts as they are stored; psycopg returns them as bytes."""
DECODED = "SET LOCAL client_encoding TO UTF8"
"""Lets it send them as every connection of koonj reads them, again."""

Rows = list[tuple[Any, ...]]


class EscapedText(str):
    """A text that the encoding of the database cannot show: ``\\xfc`` for each such byte."""

    __slots__ = ()


async def readable_rows(conn: AsyncConnection[Any], text: str, values: Sequence[Any] = ()) -> Rows:
    """Return the rows of an ASCII query. A text that cannot be shown is an `EscapedText`.

    It costs nothing more in a database with UTF8, and a savepoint in others.

    Raises: psycopg.Error.
    """

    async def read() -> Rows:
        async with conn.cursor(row_factory=tuple_row) as cursor:
            await cursor.execute(text.encode(), values or None)
            return await cursor.fetchall()

    try:
        if encoding_of(conn) == "UTF8":
            return await read()
        async with conn.transaction():
            return await read()
    except UNREADABLE:
        return await _raw(conn, read)


async def _raw(conn: AsyncConnection[Any], read: Callable[[], Awaitable[Rows]]) -> Rows:
    async with conn.transaction(force_rollback=True):
        await conn.execute(RAW)
        rows = await read()
    return await decoded(conn, rows)


async def decoded(conn: AsyncConnection[Any], rows: Rows) -> Rows:
    """Return rows that were read with `RAW` with texts in place of bytes.

    Raises: psycopg.Error.
    """
    others = {found for row in rows for value in row for found in _bytes_in(value) if not found.isascii()}
    texts = await _texts(conn, sorted(others))
    return [tuple(_with_texts(value, texts) for value in row) for row in rows]


def _bytes_in(value: object) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _bytes_in(item)


def _with_texts(value: object, texts: Mapping[bytes, str]) -> object:
    if isinstance(value, bytes):
        return value.decode("ascii") if value.isascii() else texts[value]
    return [_with_texts(item, texts) for item in value] if isinstance(value, list) else value


async def _texts(conn: AsyncConnection[Any], values: Sequence[bytes]) -> dict[bytes, str]:
    """Return the text of each value, as the server reads it."""
    if not values:
        return {}
    if stores_all(conn):
        return {value: _text(value, "utf-8") for value in values}
    try:
        async with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
            await cursor.execute(query("convert_from"), (encoding_of(conn), list(values)))
            return dict(zip(values, (text for (text,) in await cursor.fetchall()), strict=True))
    except UNREADABLE:
        if len(values) == 1:
            return {values[0]: _text(values[0], "ascii")}
    half = len(values) // 2
    return {**await _texts(conn, values[:half]), **await _texts(conn, values[half:])}


def _text(value: bytes, encoding: str) -> str:
    try:
        return value.decode(encoding)
    except UnicodeDecodeError:
        return EscapedText(value.decode(encoding, "backslashreplace"))


def readable_rows_blocking(conn: Connection[Any], text: str, values: Sequence[Any] = ()) -> Rows:
    """Do as `readable_rows`, blocking, for a few texts.

    Raises: psycopg.Error.
    """
    try:
        with conn.transaction():
            return conn.execute(text.encode(), values or None).fetchall()
    except UNREADABLE:
        with conn.transaction(force_rollback=True):
            conn.execute(RAW)
            rows = conn.execute(text.encode(), values or None).fetchall()
    others = {found for row in rows for value in row for found in _bytes_in(value) if not found.isascii()}
    texts = {value: _text_of(conn, value) for value in others}
    return [tuple(_with_texts(value, texts) for value in row) for row in rows]


def _text_of(conn: Connection[Any], value: bytes) -> str:
    if stores_all(conn):
        return _text(value, "utf-8")
    try:
        with conn.transaction():
            row = conn.execute(query("convert_from"), (encoding_of(conn), [value])).fetchone()
    except UNREADABLE:
        return _text(value, "ascii")
    assert row is not None
    return str(row[0])
