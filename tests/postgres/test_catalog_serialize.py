"""Storing a catalog as bytes, and reading it again."""

from __future__ import annotations

import zlib

import psycopg
import pytest
from psycopg import AsyncConnection

from koonj.postgres.catalog.read import read_catalog
from koonj.postgres.catalog.serialize import from_bytes, to_bytes


async def test_catalog_is_equal_when_read_from_its_bytes(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE \"Odd — näme\" (id int PRIMARY KEY, t text DEFAULT E'a\\nb')")
        conn.execute("COMMENT ON COLUMN \"Odd — näme\".t IS 'ü'")
    async with await AsyncConnection.connect(database, autocommit=True) as reading:
        catalog = await read_catalog(reading)
    assert len(catalog.objects) > 4
    assert from_bytes(to_bytes(catalog)) == catalog


@pytest.mark.parametrize("kept", [b"", b"nonsense", zlib.compress(b"[]"), zlib.compress(b"[0, 18, []]")])
def test_bytes_are_ignored_when_damaged_or_in_another_format(kept: bytes) -> None:
    assert from_bytes(kept) is None
