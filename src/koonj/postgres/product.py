"""Databases that speak PostgreSQL's protocol, but do not keep what koonj relies on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg import AsyncConnection


@dataclass(frozen=True, slots=True)
class Product:
    """A database that koonj refuses."""

    name: str
    reason: str
    """Sentence that says what is missing."""


_PRODUCTS = (
    (
        re.compile(r"CockroachDB\b"),
        Product(
            "CockroachDB",
            "A transaction does not undo all changes of the schema there, and advisory locks do nothing.",
        ),
    ),
    (
        re.compile(r"PostgreSQL [\d.]+-YB-"),
        Product(
            "YugabyteDB",
            "By default, a change of the schema commits at once there, whatever transaction it is in.",
        ),
    ),
    (
        re.compile(r"PostgreSQL .*\bRedshift\b"),
        Product("Amazon Redshift", "It descends from PostgreSQL 8, and has no advisory locks."),
    ),
)


def refused_product(version: str) -> Product | None:
    """Return the product whose ``version()`` this is, if koonj refuses it; else None."""
    return next((product for pattern, product in _PRODUCTS if pattern.match(version)), None)


async def version_text(conn: AsyncConnection) -> str:
    """Return the server's ``version()``."""
    cursor = await conn.execute("SELECT pg_catalog.version()")
    row = await cursor.fetchone()
    return "" if row is None else str(row[0])
