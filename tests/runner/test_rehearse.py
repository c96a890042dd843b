"""Test rehearsals of folders on a real scratch server."""

from __future__ import annotations

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
from support.rehearsal_folder import MAJORS, RehearsalFolder

pytestmark = pytest.mark.slow

SAMPLE = Path(__file__).parents[2] / "database" / "migrations"


@pytest.mark.parametrize("major", MAJORS)
async def test_sample_migrations_are_verified(connector: Connector, major: int) -> None:
    found = await RehearsalFolder(SAMPLE, connector).rehearse(major=major)
    assert len(found) == 15
    assert {r.name: r.message for r in found.values() if r.verdict is not Verdict.VERIFIED} == {}


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
    assert (found["002_m.sql"].failure.line, found["002_m.sql"].failure.column) == (2, None)
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
