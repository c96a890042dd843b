"""When a rehearsal uses a stored verdict."""

from __future__ import annotations

import secrets

import pytest

from support.rehearsal_folder import RehearsalFolder

pytestmark = pytest.mark.slow


def write_uncached(folder: RehearsalFolder) -> None:
    """Write a first migration that no other test has, so that nothing is cached."""
    table = f"t{secrets.token_hex(8)}"
    folder.write(1, f"CREATE TABLE {table} (id int);", f"DROP TABLE {table};")


async def test_cached_verdict_is_used_until_its_file_or_earlier_statements_change(
    base_folder: RehearsalFolder,
) -> None:
    write_uncached(base_folder)
    base_folder.write(2, "CREATE TABLE a (id int);", "DROP TABLE a;")
    first = await base_folder.rehearse()
    assert base_folder.cached == [False, False]
    assert await base_folder.rehearse() == first
    assert base_folder.cached == [True, True]
    first_one = base_folder.path / "001_m.sql"
    first_one.write_text(f"-- only a comment\n{first_one.read_text()}")
    await base_folder.rehearse()
    assert base_folder.cached == [False, True]
    base_folder.write(2, "CREATE TABLE a (id int);", "DROP TABLE IF EXISTS a;")
    await base_folder.rehearse()
    assert base_folder.cached == [True, False]
    write_uncached(base_folder)
    await base_folder.rehearse()
    assert base_folder.cached == [False, False]
    await base_folder.rehearse(again=True)
    assert base_folder.cached == [False, False]


async def test_cached_only_returns_only_cached_verdicts(base_folder: RehearsalFolder) -> None:
    write_uncached(base_folder)
    assert await base_folder.rehearse(cached_only=True) == {}
    found = await base_folder.rehearse()
    assert await base_folder.rehearse(cached_only=True) == found
