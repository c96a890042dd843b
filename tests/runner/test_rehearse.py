"""Test rehearsals of folders on a real scratch server."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from koonj.config import ScratchPlace
from koonj.migrations.folder import FolderReader
from koonj.postgres.connector import Connector
from koonj.postgres.embedded.binaries import discover
from koonj.postgres.scratch.extensions import lacking
from koonj.runner.rehearse.events import RehearsalFinished, RehearsalStarted
from koonj.runner.rehearse.request import RehearsalRequest
from koonj.runner.rehearse.start import RehearsalJob, start_rehearsal
from koonj.runner.rehearse.verdict import Verdict
from support.rehearsal_folder import RehearsalFolder

pytestmark = pytest.mark.slow

MAJORS = tuple(dict.fromkeys(found.major for found in discover() if found.major in {15, 18}))
"""Installed major versions to rehearse on."""
SAMPLE = Path(__file__).parents[2] / "database" / "migrations"


@pytest.fixture
async def folder(tmp_path: Path, connector: Connector) -> RehearsalFolder:
    """An empty folder of migrations."""
    path = tmp_path / "migrations"
    path.mkdir()
    return RehearsalFolder(path, connector)


def write_uncached(folder: RehearsalFolder) -> None:
    """Write a first migration that no other test has, so that nothing is cached."""
    table = f"t{secrets.token_hex(8)}"
    folder.write(1, f"CREATE TABLE {table} (id int);", f"DROP TABLE {table};")


BASE = """
    CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL, name varchar(50) DEFAULT 'x', old int);
    CREATE INDEX users_email ON users (email);
    COMMENT ON COLUMN users.email IS 'where to write';
    CREATE VIEW people AS SELECT id, name FROM users;
    CREATE FUNCTION twice(a int) RETURNS int LANGUAGE sql AS 'SELECT a * 2';
    GRANT SELECT ON users TO PUBLIC;
"""


@pytest.fixture
def base_folder(folder: RehearsalFolder) -> RehearsalFolder:
    folder.write(1, BASE, "DROP FUNCTION twice; DROP VIEW people; DROP TABLE users;")
    return folder


@pytest.mark.parametrize("major", MAJORS)
async def test_sample_migrations_are_verified(connector: Connector, major: int) -> None:
    found = await RehearsalFolder(SAMPLE, connector).rehearse(major=major)
    assert len(found) == 15
    assert {r.name: r.message for r in found.values() if r.verdict is not Verdict.VERIFIED} == {}


WRONG_ROLLBACKS: dict[str, tuple[str, str, Verdict, str]] = {
    "a forgotten index": (
        "ALTER TABLE users ADD COLUMN city text; CREATE INDEX users_name ON users (name);",
        "ALTER TABLE users DROP COLUMN city;",
        Verdict.INCOMPLETE,
        "users_name",
    ),
    "a changed default": (
        "ALTER TABLE users ALTER name SET DEFAULT 'y';",
        "ALTER TABLE users ALTER name SET DEFAULT 'z';",
        Verdict.INCOMPLETE,
        "users.name",
    ),
    "a wrong type": (
        "ALTER TABLE users ALTER name TYPE text;",
        "DROP VIEW people; ALTER TABLE users ALTER name TYPE varchar(60); "
        "CREATE VIEW people AS SELECT id, name FROM users;",
        Verdict.BROKEN,
        "column used by a view",
    ),
    "a wrong type of an unused column": (
        "ALTER TABLE users ALTER old TYPE bigint;",
        "ALTER TABLE users ALTER old TYPE smallint;",
        Verdict.INCOMPLETE,
        "users.old",
    ),
    "a lost comment": (
        "COMMENT ON COLUMN users.email IS 'another';",
        "COMMENT ON COLUMN users.email IS NULL;",
        Verdict.INCOMPLETE,
        "users.email",
    ),
    "a lost grant": (
        "REVOKE SELECT ON users FROM PUBLIC;",
        "GRANT INSERT ON users TO PUBLIC;",
        Verdict.INCOMPLETE,
        "users",
    ),
    "a renamed constraint": (
        "ALTER TABLE users DROP CONSTRAINT users_pkey; ALTER TABLE users ADD PRIMARY KEY (id, email);",
        "ALTER TABLE users DROP CONSTRAINT users_pkey; ALTER TABLE users ADD CONSTRAINT users_pk PRIMARY KEY (id);",
        Verdict.INCOMPLETE,
        "users_pk",
    ),
    "the order of columns": (
        "ALTER TABLE users DROP COLUMN email;",
        "ALTER TABLE users ADD COLUMN email text NOT NULL; CREATE INDEX users_email ON users (email); "
        "COMMENT ON COLUMN users.email IS 'where to write';",
        Verdict.LOSSY,
        "The rollback restores columns in a different order: column public.users.email moved",
    ),
    "a different owner": (
        "DROP VIEW people; CREATE VIEW people AS SELECT id FROM users;",
        "DROP VIEW people; CREATE VIEW people AS SELECT id, name FROM users; ALTER VIEW people OWNER TO pg_monitor;",
        Verdict.INCOMPLETE,
        "people",
    ),
    "an older function": (
        "CREATE OR REPLACE FUNCTION twice(a int) RETURNS int LANGUAGE sql AS 'SELECT a + a';",
        "CREATE OR REPLACE FUNCTION twice(a int) RETURNS int LANGUAGE sql AS 'SELECT 2 * a';",
        Verdict.INCOMPLETE,
        "twice",
    ),
    "a rollback that forgets everything": (
        "CREATE TABLE left_over (id int);",
        "SELECT 1;",
        Verdict.INCOMPLETE,
        "left_over",
    ),
    "a rollback that fails": (
        "CREATE TABLE t (id int);",
        "DROP TABLE tt;",
        Verdict.BROKEN,
        "tt",
    ),
    "a rollback with a syntax error": (
        "CREATE TABLE t (id int);",
        "DROP TABEL t;",
        Verdict.BROKEN,
        "TABEL",
    ),
    "a migration that fails": ("ALTER TABLE nobody ADD a int;", "SELECT 1;", Verdict.BROKEN, "nobody"),
    "a migration that cannot be applied again": (
        "CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (id int);",
        "DROP TABLE t;",
        Verdict.INCOMPLETE,
        "mood",
    ),
    "a dropped last column with its values": (
        "ALTER TABLE users DROP COLUMN old;",
        "ALTER TABLE users ADD COLUMN old int;",
        Verdict.LOSSY,
        "public.users.old",
    ),
    "a narrower type that rounds": (
        "ALTER TABLE users ALTER old TYPE real;",
        "ALTER TABLE users ALTER old TYPE int;",
        Verdict.LOSSY,
        "from integer to real",
    ),
    "a calculated narrower type": (
        "ALTER TABLE users ALTER old TYPE smallint USING least(old, 32767);",
        "ALTER TABLE users ALTER old TYPE int;",
        Verdict.LOSSY,
        "smallint",
    ),
    "a deletion": ("DELETE FROM users WHERE old = 1;", "SELECT 1;", Verdict.LOSSY, "DELETE"),
    "a truncation": ("TRUNCATE users;", "SELECT 1;", Verdict.LOSSY, "TRUNCATE"),
    "a truncation in a DO block": (
        "DO $$ BEGIN TRUNCATE users; END $$;",
        "SELECT 1;",
        Verdict.LOSSY,
        "TRUNCATE",
    ),
    "values that are overwritten": (
        "UPDATE users SET name = upper(name);",
        "SELECT 1;",
        Verdict.LOSSY,
        "UPDATE",
    ),
    "a table that is dropped and created again": (
        "DROP VIEW people; DROP TABLE users; DROP FUNCTION twice;",
        BASE,
        Verdict.LOSSY,
        "public.users",
    ),
}


@pytest.mark.parametrize("major", MAJORS)
@pytest.mark.parametrize("case", WRONG_ROLLBACKS)
async def test_wrong_rollback_gives_its_verdict_and_names_the_object(
    base_folder: RehearsalFolder, case: str, major: int
) -> None:
    body, rollback, verdict, expected_text = WRONG_ROLLBACKS[case]
    base_folder.write(2, body, rollback)
    found = await base_folder.last(major=major)
    assert found.major == major
    assert (found.verdict, expected_text in found.message) == (verdict, True), (found.verdict, found.message)


RIGHT_ROLLBACKS: dict[str, tuple[str, str]] = {
    "a column": ("ALTER TABLE users ADD city text", "ALTER TABLE users DROP city"),
    "rows that the migration inserted": (
        "INSERT INTO users VALUES (1, 'a')",
        "DELETE FROM users WHERE id = 1",
    ),
    "a column that is filled": (
        "ALTER TABLE users ADD city text; UPDATE users SET city = 'x'; ALTER TABLE users ALTER city SET NOT NULL",
        "ALTER TABLE users DROP city",
    ),
    "an update that is undone": (
        "UPDATE users SET name = 'y' WHERE name = 'x'",
        "UPDATE users SET name = 'x' WHERE name = 'y'",
    ),
    "a narrower type that refuses what it cannot hold": (
        "ALTER TABLE users ALTER old TYPE smallint",
        "ALTER TABLE users ALTER old TYPE int",
    ),
    "a wider type": (
        "DROP VIEW people; ALTER TABLE users ALTER name TYPE text; CREATE VIEW people AS SELECT id, name FROM users",
        "DROP VIEW people; ALTER TABLE users ALTER name TYPE varchar(50); "
        "CREATE VIEW people AS SELECT id, name FROM users",
    ),
    "a table that the migration creates and drops": (
        "CREATE TABLE a (id int); INSERT INTO a VALUES (1); CREATE TABLE b AS SELECT * FROM a; DROP TABLE a",
        "DROP TABLE b",
    ),
    "a role": (
        "CREATE ROLE koonj_test_role; GRANT SELECT ON users TO koonj_test_role",
        "DROP OWNED BY koonj_test_role; DROP ROLE koonj_test_role",
    ),
}


@pytest.mark.parametrize("case", RIGHT_ROLLBACKS)
async def test_right_rollback_is_verified(base_folder: RehearsalFolder, case: str) -> None:
    body, rollback = RIGHT_ROLLBACKS[case]
    base_folder.write(2, f"{body};", f"{rollback};")
    found = await base_folder.last()
    assert found.verdict is Verdict.VERIFIED, (found.verdict, found.message)


async def test_file_without_rollback_is_irreversible_or_incomplete(base_folder: RehearsalFolder) -> None:
    base_folder.write(2, "ALTER TABLE users ADD a int;", "none: nobody wants it back")
    base_folder.write(3, "ALTER TABLE users ADD b int;")
    base_folder.write(4, "CREATE TABLE later (id int);", "DROP TABLE later;")
    found = await base_folder.rehearse()
    assert found["004_m.sql"].verdict is Verdict.VERIFIED
    assert found["002_m.sql"].verdict is Verdict.IRREVERSIBLE
    assert "nobody wants it back" in found["002_m.sql"].message
    forgotten = found["003_m.sql"]
    assert forgotten.verdict is Verdict.INCOMPLETE
    assert (
        "The file has no rollback, so the following would remain: column public.users.b" in forgotten.message
    )
    assert forgotten.apply[0].locks, "it is measured nevertheless"


async def test_only_a_declaration_makes_a_migration_irreversible(base_folder: RehearsalFolder) -> None:
    insert = "INSERT INTO users VALUES ({0}, '{0}@b.example');"
    base_folder.write(2, insert.format(2))
    base_folder.write(3, f"{insert.format(3)}\n-- Rollback:", block=False)
    base_folder.write(4, insert.format(4), "none: the rows stay")
    found = await base_folder.rehearse("002_m.sql", "003_m.sql", "004_m.sql")
    verdicts = {name: rehearsal.verdict.value for name, rehearsal in found.items()}
    assert verdicts == {"002_m.sql": "incomplete", "003_m.sql": "incomplete", "004_m.sql": "irreversible"}
    assert found["002_m.sql"].message.startswith("The file has no rollback. Write it, or say why")
    assert found["003_m.sql"].message.startswith("The rollback has no statements. Write it, or say why")


@pytest.mark.parametrize(
    "text",
    [
        "-- only a comment\n",
        "BEGIN;\nCOMMIT;\n-- Rollback:\n-- BEGIN;\n-- COMMIT;\n",
        "-- Rollback:\n-- SELECT 1;\n",
        "-- Rollback: none: nothing happens\n",
        "-- Rollback: nothing to undo: nothing happens\n",
    ],
)
async def test_file_without_statements_is_not_verified(base_folder: RehearsalFolder, text: str) -> None:
    (base_folder.path / "002_empty.sql").write_text(text)
    base_folder.write(3, "CREATE TABLE later ();", "DROP TABLE later;")
    found = await base_folder.rehearse("002_empty.sql", "003_m.sql")
    empty = found["002_empty.sql"]
    assert empty.verdict is Verdict.UNKNOWN
    assert empty.message == "The file has no statements, so there is nothing to verify."
    assert found["003_m.sql"].verdict is Verdict.VERIFIED


async def test_nothing_to_undo_is_measured_as_any_rollback(base_folder: RehearsalFolder) -> None:
    declared = "-- Rollback: nothing to undo: the rows do no harm"
    insert = "INSERT INTO users VALUES (1, 'a@b.example') ON CONFLICT DO NOTHING;"
    base_folder.write(2, f"{insert}\n{declared}", block=False)
    base_folder.write(3, f"DELETE FROM users WHERE id = 2;\n{declared}", block=False)
    base_folder.write(4, f"ALTER TABLE users ADD COLUMN IF NOT EXISTS a int;\n{declared}", block=False)
    base_folder.write(5, f"ALTER TABLE users ADD COLUMN IF NOT EXISTS b int;\n{insert}", "")
    found = await base_folder.rehearse()
    verdicts = [found[f"00{n}_m.sql"].verdict for n in (2, 3, 4, 5)]
    assert verdicts == [Verdict.VERIFIED, Verdict.LOSSY, Verdict.INCOMPLETE, Verdict.INCOMPLETE]
    assert "The rollback has no statements" in found["005_m.sql"].message


async def test_statement_outside_a_transaction_is_observed(base_folder: RehearsalFolder) -> None:
    base_folder.write(
        2,
        "CREATE INDEX CONCURRENTLY users_name ON users (name);",
        "DROP INDEX CONCURRENTLY users_name;",
        block=False,
    )
    found = await base_folder.last()
    assert found.verdict is Verdict.VERIFIED, found.message
    (trace,) = found.apply
    assert [(lock.relation, lock.mode.value) for lock in trace.locks if lock.kind == "table"] == [
        ("public.users", "SHARE UPDATE EXCLUSIVE")
    ]
    assert trace.observed


async def test_failing_migration_makes_later_ones_unknown(base_folder: RehearsalFolder) -> None:
    base_folder.write(2, "ALTER TABLE nobody ADD a int;", "SELECT 1;")
    base_folder.write(3, "CREATE TABLE t (id int);", "DROP TABLE t;")
    found = await base_folder.rehearse()
    assert found["002_m.sql"].verdict is Verdict.BROKEN
    assert found["002_m.sql"].failure is not None
    assert (found["002_m.sql"].failure.line, found["002_m.sql"].failure.column) == (2, 1)
    assert found["003_m.sql"].verdict is Verdict.UNKNOWN
    assert "002_m.sql" in found["003_m.sql"].message


async def test_file_with_errors_makes_later_ones_unknown(base_folder: RehearsalFolder) -> None:
    (base_folder.path / "002_m.sql").write_text("BEGIN;\nCREATE TABLE a (id int);\n")
    base_folder.write(3, "CREATE TABLE t (id int);", "DROP TABLE t;")
    found = await base_folder.rehearse()
    assert found["002_m.sql"].verdict is Verdict.BROKEN
    assert found["003_m.sql"].verdict is Verdict.UNKNOWN


async def test_failing_rollback_does_not_affect_later_migrations(base_folder: RehearsalFolder) -> None:
    base_folder.write(2, "CREATE TABLE a (id int);", "DROP TABLE aa;")
    base_folder.write(3, "ALTER TABLE a ADD b int;", "ALTER TABLE a DROP b;")
    found = await base_folder.rehearse()
    assert (found["002_m.sql"].verdict, found["003_m.sql"].verdict) == (Verdict.BROKEN, Verdict.VERIFIED)


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


async def test_rehearsal_records_locks_rewrites_and_scans(base_folder: RehearsalFolder) -> None:
    base_folder.write(
        2,
        """
        ALTER TABLE users ADD COLUMN token uuid DEFAULT gen_random_uuid();
        CREATE INDEX users_old ON users (old);
        """,
        "DROP INDEX users_old; ALTER TABLE users DROP COLUMN token;",
    )
    found = await base_folder.last()
    first, second = found.apply
    assert first.rewritten == ("public.users",)
    assert [(x.relation, x.mode.value) for x in first.locks if x.kind == "table"] == [
        ("public.users", "ACCESS EXCLUSIVE")
    ]
    assert [x.relation for x in second.scanned] == ["public.users"]
    assert any("ACCESS EXCLUSIVE on public.users" in finding for finding in found.findings)
    assert [trace.line for trace in found.rollback] == [8, 8]


async def test_single_migration_is_rehearsed_after_the_earlier_ones(base_folder: RehearsalFolder) -> None:
    for number in range(2, 14):
        base_folder.write(number, f"CREATE TABLE t{number} (id int);", f"DROP TABLE t{number};")
    found = await base_folder.rehearse("007_m.sql")
    assert [r.verdict for r in found.values()] == [Verdict.VERIFIED]
    started = next(e for e in base_folder.events if isinstance(e, RehearsalStarted))
    assert started.names == ("007_m.sql",)


async def test_settings_of_a_migration_do_not_affect_the_next(base_folder: RehearsalFolder) -> None:
    base_folder.write(2, "CREATE SCHEMA app; SET search_path TO app;", "DROP SCHEMA app;")
    base_folder.write(3, "CREATE TABLE here (id int);", "DROP TABLE public.here;")
    found = await base_folder.rehearse()
    assert [r.verdict for r in found.values()] == [Verdict.VERIFIED] * 3


async def test_cancelled_rehearsal_ends_with_result_cancelled(base_folder: RehearsalFolder) -> None:
    base_folder.write(2, "SELECT pg_sleep(30);", "SELECT 1;")
    request = RehearsalRequest(names=("002_m.sql",))
    run = start_rehearsal(
        RehearsalJob(ScratchPlace(), FolderReader(base_folder.path), request, base_folder.connector)
    )
    events = []
    async for event in run.events():
        events.append(event)
        if type(event).__name__ == "MigrationRehearsalStarted":
            await run.cancel()
    last = events[-1]
    assert isinstance(last, RehearsalFinished)
    assert last.result == "cancelled"


async def test_rows_that_remain_after_the_rollback_are_reported(base_folder: RehearsalFolder) -> None:
    base_folder.write(2, "CREATE TABLE words (word text);", "DROP TABLE words;")
    base_folder.write(3, "INSERT INTO words VALUES ('a'), ('b');", "SELECT 1;")
    base_folder.write(4, "INSERT INTO words VALUES ('c');", "DELETE FROM words WHERE word = 'c';")
    found = await base_folder.rehearse("003_m.sql", "004_m.sql")
    assert found["003_m.sql"].findings == (
        "Rollback: the 2 rows that the migration inserts into public.words remain.",
    )
    assert found["004_m.sql"].findings == ()


async def test_findings_name_each_held_lock_once_with_its_span(folder: RehearsalFolder) -> None:
    """26 statements that rewrite a table each gave 650 lines."""
    tables = [f"h{k:02}" for k in range(12)]
    folder.write(
        1, " ".join(f"CREATE TABLE {t} (a int);" for t in tables), f"DROP TABLE {', '.join(tables)};"
    )
    change = "\n".join(f"ALTER TABLE {t} ALTER a TYPE bigint;" for t in tables)
    folder.write(2, change, change.replace("bigint", "int"))
    findings = (await folder.last()).findings
    body = [finding for finding in findings if not finding.startswith("Rollback: ")]
    assert len(body) == 11
    assert body[0] == (
        "line 2: ACCESS EXCLUSIVE on public.h00 is held while lines 3 to 13 scan or rewrite public.h01, "
        "public.h02, public.h03 and 8 more."
    )
    assert (
        body[-1]
        == "line 12: ACCESS EXCLUSIVE on public.h10 is held while line 13 scans or rewrites public.h11."
    )
    assert len(findings) == 22


async def test_note_names_the_binaries_that_have_a_missing_extension(folder: RehearsalFolder) -> None:
    without = [b for b in discover() if lacking(b, ["pgcrypto"])]
    having = [b for b in discover() if not lacking(b, ["pgcrypto"])]
    if not (without and having):
        pytest.skip("all server binaries have the same extensions")
    folder.write(1, "CREATE EXTENSION IF NOT EXISTS pgcrypto;", "DROP EXTENSION pgcrypto;")
    found = await folder.last(major=without[0].major)
    assert found.verdict is Verdict.BROKEN
    started = next(event for event in folder.events if isinstance(event, RehearsalStarted))
    (note,) = started.notes
    assert f"{having[0].description} has it: use --pg {having[0].major}." in note
    assert (await folder.last(major=having[0].major)).verdict is Verdict.VERIFIED


async def test_held_lock_of_another_transaction_has_a_line_of_its_own(folder: RehearsalFolder) -> None:
    folder.write(1, "CREATE TABLE a (a int); CREATE TABLE b (a int);", "DROP TABLE a, b;")
    both = "BEGIN;\nALTER TABLE a ADD x int;\nALTER TABLE b ALTER a TYPE {};\nCOMMIT;\n"
    drop = "BEGIN; ALTER TABLE a DROP x; ALTER TABLE b ALTER a TYPE int; COMMIT;"
    folder.write(2, both.format("bigint") + both.format("numeric").replace(" x ", " y "), drop, block=False)
    body = [finding for finding in (await folder.last()).findings if not finding.startswith("Rollback: ")]
    assert body == [
        f"line {line}: ACCESS EXCLUSIVE on public.a is held while line {line + 1} scans or rewrites public.b."
        for line in (2, 6)
    ]
