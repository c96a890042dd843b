"""`koonj restore`: the text that ran comes back into a file, and no text is lost."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from koonj.cli.diagnostics import ExitCode
from koonj.migrations.restore import restore_file
from koonj.migrations.save import FileChanged
from support.command import Project, Terminal

NAME = "001_make_t1.sql"


@pytest.fixture
def applied(project: Project) -> Project:
    """A project with one applied migration."""
    project.table(1)
    assert project.koonj("apply", "--yes").code == ExitCode.OK
    return project


def text_of(project: Project) -> bytes:
    return (project.migrations / NAME).read_bytes()


def edit(project: Project, old: str = "PRIMARY KEY", new: str = "NOT NULL") -> bytes:
    """Edit the file. Return its text before."""
    before = text_of(project)
    (project.migrations / NAME).write_bytes(before.replace(old.encode(), new.encode()))
    assert text_of(project) != before
    return before


@pytest.mark.parametrize(
    ("old", "new", "state"),
    [
        ("PRIMARY KEY", "NOT NULL", "edited"),
        ("BEGIN;\nCREATE", "BEGIN; -- a comment\nCREATE", "cosmetic"),
        ("\n", "\r\n", "cosmetic"),
        ("DROP TABLE t1", "DROP TABLE IF EXISTS t1", "rollback edited"),
    ],
)
def test_restore_writes_the_text_that_ran_and_keeps_the_other(
    applied: Project, old: str, new: str, state: str
) -> None:
    before = edit(applied, old, new)
    replaced = text_of(applied)
    result = applied.koonj("restore", "1", "--yes")
    assert result.code == ExitCode.OK
    assert f"{state}  {NAME}" in result.out
    assert text_of(applied) == before
    kept = Path(result.out.splitlines()[-1].removeprefix("The text that was replaced is in "))
    assert kept.read_bytes() == replaced
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert applied.koonj("status").code == ExitCode.OK


def test_restore_shows_the_difference_first(applied: Project) -> None:
    edit(applied)
    lines = applied.koonj("restore", NAME, "--plan").out.splitlines()
    assert lines[0] == f"✎ edited  {NAME}"
    assert "- the file now, + the text that ran" in lines
    assert "- CREATE TABLE t1 (id int NOT NULL);" in lines
    assert "+ CREATE TABLE t1 (id int PRIMARY KEY);" in lines


def test_plan_and_a_missing_yes_change_nothing(applied: Project) -> None:
    edit(applied)
    edited = text_of(applied)
    assert applied.koonj("restore", "1", "--plan").code == ExitCode.OK
    for argv in (("restore", "1"), ("restore", "1", "--json")):
        result = applied.koonj(*argv)
        assert result.code == ExitCode.USAGE
        assert "--yes" in result.err
    assert text_of(applied) == edited


def test_restore_writes_a_missing_file(applied: Project) -> None:
    before = text_of(applied)
    (applied.migrations / NAME).unlink()
    refused = applied.koonj("apply", "--yes")
    assert f"koonj restore {NAME} --target local;" in refused.err
    result = applied.koonj("restore", NAME, "--yes", "--json")
    assert result.code == ExitCode.OK
    assert (result.json["restored"], result.json["state"], result.json["replaced_text"]) == (
        True,
        "missing",
        None,
    )
    assert text_of(applied) == before
    assert list(applied.migrations.iterdir()) == [applied.migrations / NAME]


def test_restore_gives_a_renamed_file_its_earlier_name(applied: Project) -> None:
    (applied.migrations / NAME).rename(applied.migrations / "002_other.sql")
    result = applied.koonj("restore", "2", "--yes")
    assert (result.code, result.out.splitlines()[-1]) == (ExitCode.OK, f"002_other.sql renamed to {NAME}")
    assert applied.koonj("status").code == ExitCode.OK


def test_restore_says_that_there_is_nothing_to_restore(applied: Project) -> None:
    result = applied.koonj("restore", "1", "--yes")
    assert (result.code, result.out) == (
        ExitCode.OK,
        f"{NAME} is applied on local: there is nothing to restore.\n",
    )
    applied.table(2)
    assert applied.koonj("restore", "2", "--yes", "--json").json["restored"] is False


def test_restore_refuses_an_unknown_number(applied: Project) -> None:
    result = applied.koonj("restore", "9", "--yes")
    assert result.code == ExitCode.ERROR
    assert "Neither a file nor the history has a migration with the number 9." in result.err


def test_restore_says_that_the_role_may_not_read_the_text(applied: Project) -> None:
    (role,) = applied.sql("SELECT 'reader_' || pg_backend_pid()")[0]
    edit(applied)
    edited = text_of(applied)
    columns = (
        "SELECT string_agg(quote_ident(attname), ',') FROM pg_attribute WHERE attrelid = "
        "'koonj.history'::regclass AND attnum > 0 AND attname <> 'script'"
    )
    applied.sql(f"CREATE ROLE {role}")
    try:
        applied.sql(f"GRANT USAGE ON SCHEMA koonj TO {role}")
        applied.sql(f"GRANT SELECT ({applied.sql(columns)[0][0]}) ON koonj.history TO {role}")
        applied.configure(role=f'"{role}"')
        result = applied.koonj("restore", "1", "--yes")
    finally:
        applied.configure()
        applied.sql(f"DROP OWNED BY {role}; DROP ROLE {role}")
    assert result.code == ExitCode.ERROR
    assert "permission denied" in result.err
    assert "GRANT SELECT ON koonj.history" in result.err
    assert text_of(applied) == edited


def test_restore_restores_a_file_that_was_edited_after_an_interruption(project: Project) -> None:
    text = "CREATE TABLE a ();\nVACUUM;\nVACUUM;\n-- Rollback: none: test\n"
    file = project.write("001_v.sql", text)
    assert project.koonj("apply", "--yes").code == ExitCode.OK
    project.sql("UPDATE koonj.history SET outcome = 'started', statements_done = 1, finished = NULL")
    project.write("001_v.sql", text.replace("TABLE a", "TABLE b"))
    assert project.koonj("restore", "1", "--yes").code == ExitCode.OK
    assert file.read_text() == text


def test_a_failure_that_left_nothing_leaves_the_user_his_fix(project: Project) -> None:
    project.write("001_v.sql", "CREATE TABLE x (y nothing);\n-- Rollback: none: test\n")
    assert project.koonj("apply", "--yes").code == ExitCode.ERROR
    project.write("001_v.sql", "CREATE TABLE x (y int);\n-- Rollback: none: test\n")
    result = project.koonj("restore", "1", "--yes")
    assert "there is nothing to restore" in result.out


def test_restore_in_a_terminal_asks_and_no_changes_nothing(
    applied: Project, terminal: Callable[..., Terminal]
) -> None:
    before = edit(applied)
    edited = text_of(applied)
    asked = terminal("restore", "1", environ={"CI": ""})
    asked.expect(r"\+ CREATE TABLE t1 \(id int PRIMARY KEY\);[\s\S]*Type yes to continue: ")
    asked.type("no\n")
    assert asked.close() == ExitCode.ERROR
    assert text_of(applied) == edited
    asked = terminal("restore", "1", environ={"CI": ""})
    asked.expect("Type yes to continue: ")
    asked.type("yes\n")
    assert asked.close() == ExitCode.OK
    assert text_of(applied) == before


def test_restore_does_not_ask_in_ci(applied: Project, terminal: Callable[..., Terminal]) -> None:
    edit(applied)
    edited = text_of(applied)
    asked = terminal("restore", "1", environ={"CI": "true"})
    assert asked.close() == ExitCode.USAGE
    assert text_of(applied) == edited


def test_restore_leaves_a_file_that_another_program_has_written_since(tmp_path: Path, home: Path) -> None:
    (tmp_path / NAME).write_bytes(b"third")
    with pytest.raises(FileChanged):
        restore_file(tmp_path, NAME, b"ran", b"edited")
    assert (tmp_path / NAME).read_bytes() == b"third"
    with pytest.raises(FileExistsError):
        restore_file(tmp_path, NAME, b"ran", None)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(NAME, b"third")]
