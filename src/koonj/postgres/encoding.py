"""Find characters that a database cannot store in its encoding.

See https://www.postgresql.org/docs/current/multibyte.html.
"""

from __future__ import annotations

import re
from typing import Any

import psycopg
from psycopg import AsyncConnection, Connection

from koonj.postgres.queries import query

_STORES_ALL = frozenset({"UTF8", "SQL_ASCII"})
_BYTES = re.compile(r"0x([0-9a-f]{2})")
"""Bytes in the server's message, in any language: ``byte sequence 0xe2 0x82 0xac in encoding "UTF8"``."""


def encoding_of(conn: AsyncConnection[Any] | Connection[Any]) -> str:
    """Return the encoding of the database, such as ``LATIN1``. Sends no query."""
    return (conn.pgconn.parameter_status(b"server_encoding") or b"UTF8").decode()


def stores_all(conn: AsyncConnection[Any] | Connection[Any]) -> bool:
    """Return whether the encoding of the database stores all characters. Sends no query."""
    return encoding_of(conn) in _STORES_ALL


async def untranslatable(conn: AsyncConnection, text: str) -> frozenset[str]:
    """Return the characters of `text` that the database cannot store.

    Asks the server, once for each of them and once more. Sends no query if the encoding stores all.

    Raises: psycopg.Error.
    """
    encoding, found = encoding_of(conn), set[str]()
    characters = {character for character in text if not character.isascii()}
    while characters and not stores_all(conn):
        values = {"text": "".join(sorted(characters)).encode("utf-8", "replace"), "encoding": encoding}
        try:
            async with conn.transaction():
                await conn.execute(query("convert"), values)
            break
        except psycopg.errors.UntranslatableCharacter as error:
            sent = bytes.fromhex("".join(_BYTES.findall(error.diag.message_primary or "")))
            character = sent.decode("utf-8", "ignore")
            if character not in characters:
                return frozenset(found | characters)  # the server does not say which
            characters.discard(character)
            found.add(character)
    return frozenset(found)


async def storable(conn: AsyncConnection, text: str) -> str:
    """Return `text` with ``?`` for each character that the database cannot store.

    Raises: psycopg.Error.
    """
    missing = await untranslatable(conn, text)
    return text.translate(dict.fromkeys(map(ord, missing), "?")) if missing else text
