"""Tests of findings about constraints, and of an INVALID index that a rehearsal meets."""

from pathlib import Path

import pytest

from koonj.postgres.connector import Connector
from koonj.runner.rehearse.rehearsal_wording import other_major
from koonj.runner.rehearse.verdict import Verdict
from support.rehearsal_folder import RehearsalFolder

pytestmark = pytest.mark.slow


@pytest.fixture
async def folder(tmp_path: Path, connector: Connector) -> RehearsalFolder:
    """A folder whose first migration creates a table."""
    path = tmp_path / "migrations"
    path.mkdir()
    made = RehearsalFolder(path, connector)
    made.write(1, "CREATE TABLE users (id int PRIMARY KEY, name text);", "DROP TABLE users;")
    return made


async def test_a_constraint_is_reported_only_if_the_file_leaves_it_not_valid(folder: RehearsalFolder) -> None:
    add = "ALTER TABLE users ADD CONSTRAINT {} CHECK (id > 0) NOT VALID;"
    drop = "ALTER TABLE users DROP CONSTRAINT {};"
    folder.write(2, f"{add.format('a')}\nALTER TABLE users VALIDATE CONSTRAINT a;", drop.format("a"))
    folder.write(3, add.format("b"), drop.format("b"))
    folder.write(4, f"{add.format('c')}\n{drop.format('c')}", "none: nothing is left")
    folder.write(
        5,
        f"{add.format('d')}\n{add.format('e')}\nALTER TABLE users VALIDATE CONSTRAINT d;",
        f"{drop.format('d')}\n{drop.format('e')}",
    )
    found = await folder.rehearse()
    left = {
        name[:3]: [finding for finding in rehearsal.findings if "valid" in finding.lower()]
        for name, rehearsal in found.items()
    }
    assert left["002"] == left["004"] == []
    assert [len(left["003"]), len(left["005"])] == [1, 1]
    assert "b on public.users" in left["003"][0]
    assert "e on public.users" in left["005"][0]
    assert "d on" not in left["005"][0]


async def test_an_invalid_index_is_not_taken_for_the_one_that_a_file_builds(folder: RehearsalFolder) -> None:
    folder.write(
        2,
        "CREATE INDEX i ON users (name);\n"
        "UPDATE pg_catalog.pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass;",
        "DROP INDEX i;",
    )
    build = "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON users (name);"
    folder.write(3, build, "DROP INDEX CONCURRENTLY i;", block=False)
    found = await folder.last()
    assert found.verdict is Verdict.BROKEN
    assert found.failure is not None
    assert "INVALID" in found.message
    assert (found.failure.statement, found.failure.line) == (1, 1)
    folder.write(2, "CREATE INDEX i ON users (name);", "DROP INDEX i;")
    assert (await folder.last()).verdict is not Verdict.BROKEN


@pytest.mark.parametrize(("wanted", "differs"), [(None, False), (18, False), (17, True), (19, True)])
def test_a_rehearsal_on_another_major_version_is_noted(wanted: int | None, differs: bool) -> None:
    found = other_major("the target", wanted, 18, "locks can differ")
    assert bool(found) is differs
    if differs:
        (note,) = found
        assert (
            f"the target runs PostgreSQL {wanted}, the scratch server runs PostgreSQL 18: locks can" in note
        )
        assert f"--pg {wanted}" in note


async def test_a_wrong_rollback_leaves_nothing_in_the_database_of_the_next_migration(
    folder: RehearsalFolder,
) -> None:
    """The second apply inserts the row again, which the next migration would not bear."""
    folder.write(
        2,
        "CREATE TABLE IF NOT EXISTS extra (); INSERT INTO users (id) SELECT count(*) FROM users;",
        "SELECT 1;",
    )
    folder.write(3, "CREATE UNIQUE INDEX i ON users ((name IS NULL));", "DROP INDEX i;")
    found = await folder.rehearse()
    assert found["002_m.sql"].verdict is not Verdict.VERIFIED
    assert found["003_m.sql"].verdict is Verdict.VERIFIED, found["003_m.sql"].message


async def test_a_trace_says_whether_its_statement_runs_in_a_transaction(folder: RehearsalFolder) -> None:
    folder.write(2, "CREATE TABLE a ();", "DROP TABLE a;")
    folder.write(3, "CREATE TABLE b ();\nVACUUM users;", "DROP TABLE b;", block=False)
    found = await folder.rehearse()
    assert [trace.in_transaction for trace in found["002_m.sql"].apply] == [True]
    assert [trace.in_transaction for trace in found["003_m.sql"].apply] == [False, False]


async def test_a_function_that_only_reads_is_not_reported_as_one_that_writes(folder: RehearsalFolder) -> None:
    """No row can be made up for the table, so the contents do not show what the functions do."""
    folder.write(
        2,
        "CREATE TABLE closed (id int CHECK (id IS NULL AND id IS NOT NULL));\n"
        "CREATE FUNCTION reads() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM closed';\n"
        "CREATE FUNCTION writes() RETURNS void LANGUAGE sql AS 'DELETE FROM closed';",
        "DROP FUNCTION reads(); DROP FUNCTION writes(); DROP TABLE closed;",
    )
    folder.write(3, "SELECT reads();", "SELECT 1;")
    folder.write(4, "SELECT writes();", "SELECT 1;")
    found = await folder.rehearse()
    assert not any("writes to" in finding for finding in found["003_m.sql"].findings)
    assert any("writes to public.closed" in finding for finding in found["004_m.sql"].findings)


async def test_made_up_rows_are_not_counted_as_scanned(folder: RehearsalFolder) -> None:
    folder.write(
        2,
        "ALTER TABLE users ADD COLUMN owner text;\nCREATE INDEX users_owner ON users (owner);",
        "DROP INDEX users_owner;\nALTER TABLE users DROP COLUMN owner;",
    )
    build = (await folder.rehearse())["002_m.sql"].apply[1]
    assert [(scan.relation, scan.rows) for scan in build.scanned] == [("public.users", 0)]
