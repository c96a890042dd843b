"""`koonj new --from-edit`: what an edit added becomes a new migration, and the old file is restored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from koonj.cli.diagnostics import ExitCode
from support.command import Project, Terminal

RAN = """\
-- 001_a.sql
-- The first table.
BEGIN;
CREATE TABLE t1 (id int);
INSERT INTO t1 VALUES (1);
COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TABLE t1;
-- COMMIT;
"""
ADDED = RAN.replace(
    "COMMIT;\n\n", "CREATE TABLE t2 (id int)\n;\nCOPY t2 FROM stdin;\n7\n\\.\nCOMMIT;\n\n"
).replace("-- DROP TABLE t1;", "-- DROP TABLE t2;\n-- DROP TABLE t1;")


@pytest.fixture
def applied(project: Project) -> Project:
    project.write("001_a.sql", RAN)
    assert project.koonj("apply", "--yes").code == ExitCode.OK
    return project


def test_added_statements_become_a_migration_that_runs_and_the_file_is_restored(applied: Project) -> None:
    applied.write("001_a.sql", ADDED)
    refused = applied.koonj("apply", "--yes")
    assert "koonj new --from-edit 001_a.sql --target local;" in refused.err
    result = applied.koonj("new", "--from-edit", "001_a.sql", "--yes")
    assert (result.code, result.out.splitlines()[0]) == (ExitCode.OK, "migrations/002_a_edit.sql")
    assert (applied.migrations / "001_a.sql").read_text() == RAN
    kept = Path(result.out.splitlines()[-1].removeprefix("The text that was replaced is in "))
    assert kept.read_text() == ADDED
    assert applied.koonj("apply", "--yes").code == ExitCode.OK
    assert applied.sql("SELECT id FROM t2") == [(7,)]
    assert applied.koonj("status").code == ExitCode.OK
    assert applied.koonj("rollback", "--yes").code == ExitCode.OK
    assert applied.tables() == {"t1"}


def test_changed_and_removed_statements_become_comments_that_say_what_to_write(applied: Project) -> None:
    edited = RAN.replace("(id int)", "(id int, x int)").replace("INSERT INTO t1 VALUES (1);\n", "")
    applied.write("001_a.sql", edited)
    result = applied.koonj("new", "widen", "t1", "--from-edit", "1")
    assert result.code == ExitCode.OK
    assert result.out.splitlines()[1] == "    2 statements to write: the comments in the file say which."
    assert (
        "001_a.sql is still edited. To restore it, run: koonj restore 001_a.sql --target local" in result.out
    )
    text = (applied.migrations / "002_widen_t1.sql").read_text()
    for quoted in (
        "CREATE TABLE t1 (id int);",
        "CREATE TABLE t1 (id int, x int);",
        "INSERT INTO t1 VALUES (1);",
    ):
        assert f"--   | {quoted}\n" in text
    assert applied.koonj("check").code != ExitCode.OK  # it has no statement until you write one
    assert (applied.migrations / "001_a.sql").read_text() == edited


def test_a_moved_statement_is_not_run_again(applied: Project) -> None:
    first, second = "CREATE TABLE t1 (id int);\n", "INSERT INTO t1 VALUES (1);\n"
    moved = ADDED.replace(first + second, second + first)
    applied.write("001_a.sql", moved)
    result = applied.koonj("new", "--from-edit", "1", "--json", "--yes")
    assert (result.json["added"], result.json["to_write"], result.json["restored"]) == (2, 0, True)
    assert "INSERT INTO t1" not in (applied.migrations / "002_a_edit.sql").read_text()


def test_an_added_statement_that_no_transaction_accepts_gets_no_begin(applied: Project) -> None:
    file = applied.write("002_i.sql", "VACUUM t1;\n-- Rollback: none: test\n")
    assert applied.koonj("apply", "--yes").code == ExitCode.OK
    file.write_text("VACUUM t1;\nCREATE INDEX CONCURRENTLY i ON t1 (id);\n-- Rollback: none: test\n")
    assert applied.koonj("new", "--from-edit", "2", "--yes").code == ExitCode.OK
    text = (applied.migrations / "003_i_edit.sql").read_text()
    assert "CREATE INDEX CONCURRENTLY i ON t1 (id);" in text
    assert "\nBEGIN;" not in text
    assert "VACUUM" not in text


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("first", "1st", "001_a.sql is cosmetic on local"),
        ("DROP TABLE", "DROP TABLE IF EXISTS", "001_a.sql is rollback edited on local"),
        ("", "", "there is nothing to restore"),
    ],
)
def test_only_an_edited_migration_has_an_edit(applied: Project, old: str, new: str, sentence: str) -> None:
    applied.write("001_a.sql", RAN.replace(old, new))
    result = applied.koonj("new", "--from-edit", "1", "--yes")
    assert result.code == ExitCode.ERROR
    assert sentence in result.err
    assert [path.name for path in applied.migrations.iterdir()] == ["001_a.sql"]


def test_a_terminal_asks_before_the_file_is_restored(
    applied: Project, terminal: Callable[..., Terminal]
) -> None:
    applied.write("001_a.sql", ADDED)
    asked = terminal("new", "--from-edit", "1", environ={"CI": ""})
    asked.expect(r"002_a_edit\.sql[\s\S]*- CREATE TABLE t2[\s\S]*Type yes to continue: ")
    asked.type("no\n")
    assert asked.close() == ExitCode.OK
    assert (applied.migrations / "001_a.sql").read_text() == ADDED
    assert (applied.migrations / "002_a_edit.sql").exists()
