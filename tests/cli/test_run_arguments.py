"""Wrong arguments, and numbers and names of migrations that do not exist."""

from __future__ import annotations

import pytest

from support.command import Project


@pytest.mark.parametrize(
    "argv",
    [
        ["apply", "99", "--yes"],
        ["rollback", "99", "--yes"],
        ["apply", "001_other.sql", "--yes"],
        ["apply", "x", "--yes"],
        ["apply", "1", "--all"],
        ["apply", "--allow", "nonsense", "--reason", "x"],
        ["apply", "--reason", "x"],
        ["apply", "--wait", "-1"],
        ["apply", "--wait", "soon"],
        ["show", "99"],
        ["history", "99"],
        ["history", "001_other.sql"],
        ["apply", "--yes", "--dsn", ""],
        ["status", "--dsn", " "],
        ["status", "--dsn", "postgres://a:b@p%zz/"],
        ["nonsense"],
        ["status", "--what"],
        ["status", "--target", "other"],
        ["status", "--dsn", "x=y", "--target", "local"],
        ["--json"],
    ],
)
def test_usage_error_exits_2_and_changes_nothing(project: Project, argv: list[str]) -> None:
    project.table(1)
    answer = project.koonj(*argv)
    assert answer.code == 2
    assert answer.err.startswith("koonj: error: ")
    assert project.tables() == set()


@pytest.mark.parametrize("command", ["apply", "rollback", "show", "rehearse", "history"])
def test_unknown_number_is_one_error_for_every_command(project: Project, command: str) -> None:
    project.table(1)
    answer = project.koonj(command, "099")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == (
        "koonj: error: No migration has the number 99.\n    To list the migrations, run: koonj status\n"
    )
    name = project.koonj(command, "099_other.sql")
    known = "koonj: error: No migration has the file name 099_other.sql.\n"
    assert name.code == 2
    assert name.err.startswith(known if command != "rollback" else "koonj: error: No migration has the ")


def test_unknown_number_is_the_only_error_when_a_file_has_errors_too(project: Project) -> None:
    project.table(1)
    project.write("7-add.sql", "SELECT 1;\n")
    answer = project.koonj("apply", "99", "--yes")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.splitlines()[0] == "koonj: error: No migration has the number 99."
    assert "7-add" not in answer.err


def test_number_of_a_missing_file_is_known(project: Project) -> None:
    project.table(1)
    project.table(2)
    project.koonj("apply", "--all", "--yes")
    (project.root / "migrations" / "002_make_t2.sql").unlink()
    assert "002_make_t2.sql" in project.koonj("apply", "2", "--yes").err
    assert project.koonj("history", "2").code == 0
