"""koonj adopt --convert: from the folder and the history of another tool to koonj's own."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from support.command import Project
from support.tool_truth import ToolTruth

DONE = """
    CREATE TABLE users (id bigint PRIMARY KEY);
    CREATE INDEX users_i ON users (id);
"""
CODE = "-- migrate:up\nSELECT 1;\n"
"""A file that dbmate refuses."""
PENDING = (
    "-- migrate:up\n-- a comment\nalter table users add name text;\ninsert into users values (1, ';')\n"
    "-- migrate:down\nalter table users\n\n    drop name;\n"
)


@pytest.fixture
def dbmate(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Project:
    """A project of dbmate, after its `up`, and a file that is pending."""
    truth = ToolTruth.of("dbmate")
    root = tmp_path / "project"
    truth.copy_to(root / "db")
    truth.put(database, truth.recorded["moments"][0])
    monkeypatch.chdir(root)
    monkeypatch.setenv("DATABASE_URL", database)
    project = Project(root, database, capsys)
    project.sql(DONE)
    (root / "db/migrations/20240101000003_add_name.sql").write_text(PENDING)
    return project


def test_files_are_converted_and_adopted_by_the_history_of_the_tool(dbmate: Project) -> None:
    refused = dbmate.koonj("adopt", "--plan")
    assert refused.code == 4
    assert "This folder belongs to dbmate" in refused.err
    assert "koonj adopt --convert --into FOLDER" in refused.err
    (dbmate.root / "db/migrations/20240101000004_code.sql").write_text(CODE)
    convert = ("adopt", "--convert", "--into", "koonj/migrations")

    planned = dbmate.koonj(*convert, "--plan")
    assert planned.code == 0, planned.err
    lines = planned.out.splitlines()
    assert lines[1] == (
        "note: 20240101000004_code.sql is not converted: The file has no '-- migrate:down', so dbmate refuses it."
    )
    row = "equal: 1 object; dbmate: row only, no checksum  record as applied"
    assert lines[3:6] == [
        f"001_users.sql     {row}",
        f"002_idx.sql       {row}",
        "003_add_name.sql  unknown: not compared                           stays pending",
    ]
    assert not (dbmate.root / "koonj").exists()

    done = dbmate.koonj(*convert, "--yes")
    assert done.code == 0, done.err
    assert done.out.splitlines()[-5:] == [
        "created koonj/migrations/001_users.sql",
        "created koonj/migrations/002_idx.sql",
        "created koonj/migrations/003_add_name.sql",
        "2 migrations recorded as applied on DATABASE_URL.",
        'To use the new files, write into koonj.toml: migrations = "koonj/migrations"',
    ]
    new = dbmate.root / "koonj/migrations"
    assert (new / "003_add_name.sql").read_text() == (
        "-- 003_add_name.sql\n-- Converted from dbmate: 20240101000003_add_name.sql\n\nBEGIN;\n\n"
        "-- a comment\nalter table users add name text;\n\ninsert into users values (1, ';');\n\nCOMMIT;\n\n"
        "-- Rollback:\n-- BEGIN;\n--\n-- alter table users\n--\n--     drop name;\n--\n-- COMMIT;\n"
    )
    assert "BEGIN" not in (new / "002_idx.sql").read_text()

    def koonj(*words: str) -> int:
        return dbmate.koonj(*words, "--migrations", str(new)).code

    assert koonj("check") == 0
    assert koonj("apply", "--yes") == 0
    assert koonj("rollback", "1", "--yes") == 0
    assert dbmate.sql("SELECT to_regclass('users_i'), to_regclass('users') IS NULL") == [(None, False)]
    again = dbmate.koonj(*convert, "--yes")
    assert again.code == 4
    assert "koonj/migrations has SQL files already." in again.err


def test_differences_write_nothing_without_a_reason(dbmate: Project) -> None:
    dbmate.sql("DROP INDEX users_i")
    convert = ("adopt", "--convert", "--into", "new", "--yes")
    refused = dbmate.koonj(*convert)
    assert refused.code == 4
    assert "index public.users_i" in refused.out
    assert "koonj adopt --convert --into new --reason TEXT" in refused.err
    assert not (dbmate.root / "new").exists()
    assert dbmate.koonj(*convert, "--reason", "dropped by hand").code == 0
    with psycopg.connect(dbmate.dsn) as conn:
        [first, *_] = conn.execute("SELECT reason FROM koonj.history ORDER BY id DESC").fetchall()
    assert "dbmate: row only, no checksum (index public.users_i missing)" in first[0]


def test_without_applied_files_they_are_only_written(dbmate: Project) -> None:
    dbmate.sql("DROP TABLE users; TRUNCATE schema_migrations")
    done = dbmate.koonj("adopt", "--convert", "--into", "new", "--yes")
    assert done.code == 0, done.err
    assert len(list((dbmate.root / "new").iterdir())) == 3
    assert dbmate.sql("SELECT to_regnamespace('koonj')") == [(None,)]


@pytest.mark.parametrize(
    ("tool", "words"),
    [
        ("golang-migrate", "golang-migrate: inferred from the newest version"),
        ("sqlx", "sqlx: text proved by its checksum"),
    ],
)
def test_evidence_says_what_the_history_of_the_tool_proves(dbmate: Project, tool: str, words: str) -> None:
    truth = ToolTruth.of(tool)
    dbmate.sql("DROP TABLE schema_migrations")
    truth.put(dbmate.dsn, truth.recorded["moments"][0])
    folder = truth.copy_to(dbmate.root / tool)
    planned = dbmate.koonj("adopt", "--convert", "--into", "new", "--plan", "--migrations", str(folder))
    rows = [line for line in planned.out.splitlines() if line.startswith("00")]
    assert rows
    assert all(f"; {words} " in row for row in rows)
    assert truth.recorded["table"].removeprefix("public.") not in planned.out


def test_folder_and_option_belong_together(dbmate: Project) -> None:
    assert dbmate.koonj("adopt", "--convert").code == 2
    assert dbmate.koonj("adopt", "--into", "new").code == 2
    assert dbmate.koonj("adopt", "--convert", "--into", "db/migrations", "--yes").code == 4
