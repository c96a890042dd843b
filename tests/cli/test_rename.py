"""`koonj rename`: a pending file gets another title and keeps its number; no applied one does."""

from __future__ import annotations

import json

import pytest

from koonj.cli.diagnostics import ExitCode
from koonj.migrations.new import SlugError
from koonj.migrations.retitle import retitled
from support.command import Project


def names(project: Project) -> list[str]:
    return sorted(path.name for path in project.migrations.iterdir())


def test_rename_keeps_number_and_text(project: Project) -> None:
    name = project.table(7)
    text = (project.migrations / name).read_bytes()
    result = project.koonj("rename", "7", "Création", "of", "a", "table.sql")
    assert (result.code, result.out) == (
        ExitCode.OK,
        "007_make_t7.sql renamed to 007_creation_of_a_table.sql\n",
    )
    assert names(project) == ["007_creation_of_a_table.sql"]
    assert (project.migrations / "007_creation_of_a_table.sql").read_bytes() == text
    assert project.koonj("apply", "--yes").code == ExitCode.OK


def test_rename_with_plan_changes_nothing_and_says_so_in_json(project: Project) -> None:
    project.table(1)
    result = project.koonj("rename", "1", "other", "--plan", "--json")
    document = json.loads(result.out)
    assert document["command"] == "rename"
    assert document["renamed"] == [{"from": "001_make_t1.sql", "to": "001_other.sql", "first_line": None}]
    assert document["done"] is False
    assert names(project) == ["001_make_t1.sql"]


def test_rename_refuses_what_the_target_has_applied(project: Project) -> None:
    project.table(1)
    assert project.koonj("apply", "--yes").code == ExitCode.OK
    result = project.koonj("rename", "1", "other")
    assert result.code == ExitCode.DECISION
    assert "is applied on" in result.err
    assert names(project) == ["001_make_t1.sql"]


def test_rename_overwrites_no_file(project: Project) -> None:
    project.write("001_a.sql", "SELECT 1;\n")
    project.write("001_b.sql", "SELECT 2;\n")
    result = project.koonj("rename", "001_a.sql", "b")
    assert result.code == ExitCode.ERROR
    assert "No file was renamed." in result.err
    assert (project.migrations / "001_b.sql").read_text() == "SELECT 2;\n"
    assert names(project) == ["001_a.sql", "001_b.sql"]


def test_rename_to_the_same_title_does_nothing(project: Project) -> None:
    project.table(1)
    result = project.koonj("rename", "1", "make t1")
    assert (result.code, result.out) == (ExitCode.OK, "Nothing to do: the file has this name.\n")


def test_a_title_without_letters_is_a_usage_error(project: Project) -> None:
    project.table(1)
    result = project.koonj("rename", "1", "…")
    assert result.code == ExitCode.USAGE
    assert "no letter" in result.err
    with pytest.raises(SlugError):
        retitled("001_a.sql", "!!")


def test_a_first_line_with_the_old_name_follows_and_is_shown(project: Project) -> None:
    assert project.koonj("new", "Make", "a", "table").code == ExitCode.OK
    (file,) = project.migrations.iterdir()
    text = file.read_text()
    assert text.startswith("-- 001_make_a_table.sql\n")
    shown = "    - -- 001_make_a_table.sql\n    + -- 001_other.sql\n"
    planned = project.koonj("rename", "1", "other", "--plan")
    assert planned.out == f"001_make_a_table.sql would be renamed to 001_other.sql\n{shown}"
    assert file.read_text() == text
    result = project.koonj("rename", "1", "other")
    assert result.out == f"001_make_a_table.sql renamed to 001_other.sql\n{shown}"
    expected = text.replace("-- 001_make_a_table.sql\n", "-- 001_other.sql\n")
    assert (project.migrations / "001_other.sql").read_text() == expected
    again = project.koonj("rename", "1", "third", "--plan", "--json")
    assert again.json["renamed"][0]["first_line"] == "-- 001_third.sql"


def test_a_read_only_file_whose_comment_must_follow_keeps_its_name(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("001_a.sql", "-- 001_a.sql\nSELECT 1;\n")
    # The user of the tests can be root, whom no mode stops.
    monkeypatch.setattr("koonj.migrations.save.os.access", lambda *_: False)
    result = project.koonj("rename", "1", "b")
    assert result.code == ExitCode.ERROR
    assert "it is read-only. No file was renamed." in result.err
    assert names(project) == ["001_a.sql"]
    assert (project.migrations / "001_a.sql").read_text() == "-- 001_a.sql\nSELECT 1;\n"
