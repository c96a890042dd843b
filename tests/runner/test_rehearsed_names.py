"""A rehearsal keeps the names that the files make, for the forms of patterns."""

from __future__ import annotations

import secrets

from koonj.config import Target
from koonj.migrations.folder import FolderReader
from koonj.runner.rehearse.cache import make_chain
from koonj.runner.rehearse.rehearsed_names import NamesCache, RehearsedNames
from support.rehearsal_folder import RehearsalFolder


def kept(folder: RehearsalFolder) -> RehearsedNames | None:
    return NamesCache.of_user().newest(FolderReader(folder.path).read().migrations)


async def test_names_after_the_last_file_are_kept_without_sizes(base_folder: RehearsalFolder) -> None:
    table = f"t{secrets.token_hex(8)}"
    base_folder.write(
        1,
        f"""
        CREATE TABLE {table} (id int PRIMARY KEY, "Mixed Case" text);
        INSERT INTO {table} VALUES (1, 'a');
        ANALYZE {table};
        CREATE TYPE {table}_mood AS ENUM ('sad');
        SET search_path TO pg_temp;
        """,
        f"DROP TABLE {table}; DROP TYPE {table}_mood;",
    )
    assert kept(base_folder) is None
    await base_folder.rehearse()
    found = kept(base_folder)
    assert found is not None
    assert found.count == 1
    names = found.catalog
    made = names.relation(None, table)
    assert made is not None
    assert (made.size, made.rows) == (None, None)
    assert [column.name for column in made.columns] == ["id", "Mixed Case"]
    assert [one.name for one in names.schema_objects if one.name.startswith(table)] == [f"{table}_mood"]
    assert [(one.name, one.columns) for one in names.indexes_of(made)] == [(f"{table}_pkey", ("id",))]
    assert names.search_path == ("public",)
    assert names.extensions["plpgsql"] is True
    base_folder.write(2, f"ALTER TABLE {table} RENAME TO {table}_new;", "SELECT 1;")
    later = kept(base_folder)
    assert later is not None
    assert later == found, "the names after as many files as were rehearsed"
    first = base_folder.path / "001_m.sql"
    first.write_text(first.read_text().replace("'sad'", "'sad', 'glad'"))
    assert kept(base_folder) is None


async def test_nothing_is_kept_of_the_schema_of_a_target(base_folder: RehearsalFolder, database: str) -> None:
    table = f"t{secrets.token_hex(8)}"
    base_folder.write(1, f"CREATE TABLE {table} (id int);", f"DROP TABLE {table};")
    await base_folder.rehearse(like=Target("local", database))
    assert kept(base_folder) is None


async def test_nothing_is_kept_after_a_file_that_fails(base_folder: RehearsalFolder) -> None:
    table = f"t{secrets.token_hex(8)}"
    base_folder.write(1, f"CREATE TABLE {table} (id int);", f"DROP TABLE {table};")
    base_folder.write(2, f"CREATE TABLE {table} (id int);", f"DROP TABLE {table};")
    await base_folder.rehearse()
    assert kept(base_folder) is None


def test_damaged_names_count_as_none(base_folder: RehearsalFolder) -> None:
    table = f"t{secrets.token_hex(8)}"
    base_folder.write(1, f"CREATE TABLE {table} (id int);", f"DROP TABLE {table};")
    cache = NamesCache.of_user()
    migrations = FolderReader(base_folder.path).read().migrations
    for content in (b"x", b"", b"x\x9c\x03\x00\x00\x00\x00\x01"):
        cache._folder.write(f"{_state(base_folder)}.json", content)
        assert cache.newest(migrations) is None


def _state(folder: RehearsalFolder) -> str:
    return make_chain(FolderReader(folder.path).read().migrations, server="").states[-1]
