"""`koonj set`: settings go into the comments of a file that no target has applied."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from koonj.cli import set_settings
from koonj.cli.diagnostics import ExitCode
from koonj.postgres.advisory_lock import KEY
from support.command import Project, Terminal

NAME = "001_a.sql"
TEXT = "-- koonj: lock_wait 200ms\n-- Adds a.\nCREATE TABLE a (id int);\n-- Rollback: DROP TABLE a;\n"
WANTED = "-- koonj: lock_wait 20min\n-- Adds a.\n-- koonj: retries 5\nCREATE TABLE a (id int);\n-- Rollback: DROP TABLE a;\n"


@pytest.fixture
def file(project: Project) -> Path:
    project.write(NAME, TEXT)
    return project.migrations / NAME


def test_settings_are_shown_as_a_difference_and_written(project: Project, file: Path) -> None:
    result = project.koonj("set", "1", "lock_wait=20min", "retries=5", "--yes")
    assert result.code == ExitCode.OK
    lines = result.out.splitlines()
    assert lines[0].endswith("001_a.sql now, + with the settings")
    for line in ("- -- koonj: lock_wait 200ms", "+ -- koonj: lock_wait 20min", "+ -- koonj: retries 5"):
        assert line in lines
    assert lines[-1].startswith("wrote ")
    assert file.read_text() == WANTED
    again = project.koonj("set", NAME, "retries=5")
    assert (again.code, again.out) == (ExitCode.OK, "Nothing to do: 001_a.sql has these settings.\n")
    assert project.koonj("apply", "--yes").code == ExitCode.OK


def test_plan_writes_nothing_and_says_so_in_json(project: Project, file: Path) -> None:
    result = project.koonj("set", "1", "retries=5", "--plan", "--json")
    assert result.code == ExitCode.OK
    document = json.loads(result.out)
    assert (document["command"], document["name"]) == ("set", NAME)
    assert document["settings"] == {"retries": "5"}
    assert document["written"] is False
    assert {"sign": "+", "text": "-- koonj: retries 5"}.items() <= next(
        line for line in document["diff"] if line["sign"] == "+"
    ).items()
    assert file.read_text() == TEXT


def test_nothing_is_written_unasked(project: Project, file: Path) -> None:
    result = project.koonj("set", "1", "retries=5")
    assert result.code == ExitCode.USAGE
    assert "--yes" in result.err
    assert file.read_text() == TEXT


@pytest.mark.parametrize(("answer", "code"), [("n", ExitCode.ERROR), ("y", ExitCode.OK)])
def test_the_answer_decides(
    file: Path, terminal: Callable[..., Terminal], answer: str, code: ExitCode
) -> None:
    asked = terminal("set", "1", "retries=5", environ={"CI": ""})
    asked.expect(r"Write this into 001_a\.sql\?")
    asked.type(f"{answer}\n")
    assert asked.close() == code
    assert (file.read_text() != TEXT) == (answer == "y")


def test_an_applied_file_is_not_changed(project: Project, file: Path) -> None:
    assert project.koonj("apply", "--yes").code == ExitCode.OK
    result = project.koonj("set", "1", "retries=5", "--yes")
    assert result.code == ExitCode.DECISION
    assert "001_a.sql is applied on " in result.err
    assert file.read_text() == TEXT


def test_another_applied_file_does_not_matter(project: Project, file: Path) -> None:
    assert project.koonj("apply", "--yes").code == ExitCode.OK
    project.write("002_b.sql", "SELECT 1;\n-- Rollback: none: test\n")
    assert project.koonj("set", "2", "retries=5", "--yes").code == ExitCode.OK
    assert file.read_text() == TEXT


def test_a_target_that_does_not_exist_cannot_be_skipped(project: Project, file: Path) -> None:
    result = project.koonj("set", "1", "retries=5", "--yes", "--skip-target", "nowhere")
    assert result.code == ExitCode.USAGE
    assert file.read_text() == TEXT


def test_a_file_in_another_encoding_is_left_alone(project: Project, file: Path) -> None:
    file.write_bytes("-- gr\u00fcn\nSELECT 1;\n-- Rollback: none: test\n".encode("latin-1"))
    before = file.read_bytes()
    assert project.koonj("set", "1", "retries=5", "--yes").code == ExitCode.ERROR
    assert file.read_bytes() == before


def test_a_file_whose_rollback_failed_is_applied(project: Project, file: Path) -> None:
    file.write_text("CREATE TABLE a (id int);\n-- Rollback: DROP TABLE b;\n")
    assert project.koonj("apply", "--yes").code == ExitCode.OK
    assert project.koonj("rollback", "--yes").code == ExitCode.ERROR
    result = project.koonj("set", "1", "retries=5", "--yes")
    assert result.code == ExitCode.DECISION


def test_a_file_that_failed_gets_settings(project: Project, file: Path) -> None:
    file.write_text("SELECT 1/0;\n-- Rollback: none: test\n")
    assert project.koonj("apply", "--yes").code == ExitCode.ERROR
    assert project.koonj("set", "1", "retries=5", "--yes").code == ExitCode.OK
    assert file.read_text().startswith("-- koonj: retries 5\nSELECT 1/0;")


def test_a_run_in_progress_has_read_the_file(project: Project, file: Path) -> None:
    with psycopg.connect(project.dsn, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [KEY])
        result = project.koonj("set", "1", "retries=5", "--yes")
    assert result.code == ExitCode.LOCKED
    assert file.read_text() == TEXT


def test_a_target_that_does_not_respond_stops_it(project: Project, file: Path) -> None:
    with (project.root / "koonj.toml").open("a") as config:
        config.write("\n[targets.staging]\ndsn = 'host=127.0.0.1 port=1'\n")
    result = project.koonj("set", "1", "retries=5", "--yes")
    assert result.code == ExitCode.ERROR
    assert "The file was not changed." in result.err
    assert file.read_text() == TEXT
    assert project.koonj("set", "1", "retries=5", "--yes", "--skip-target", "staging").code == ExitCode.OK


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("retries", "NAME=VALUE"),
        ("patience=5", "Unknown setting: patience"),
        ("retries=many", "retries must be a number"),
        ("lock_wait=5s, retries 3", "lock_wait must be a duration"),
    ],
)
def test_wrong_settings_are_usage_errors(project: Project, file: Path, setting: str, message: str) -> None:
    result = project.koonj("set", "1", setting, "--yes")
    assert result.code == ExitCode.USAGE
    assert message in result.err
    assert file.read_text() == TEXT


def test_a_file_whose_settings_are_wrong_is_left_alone(project: Project, file: Path) -> None:
    file.write_text("-- koonj: retries many\nSELECT 1;\n-- Rollback: none: test\n")
    result = project.koonj("set", "1", "retries=5", "--yes")
    assert result.code == ExitCode.ERROR
    assert "koonj check" in result.err
    assert file.read_text().startswith("-- koonj: retries many")


def test_a_change_of_another_program_is_not_overwritten(
    project: Project, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(*args: object) -> bool:
        file.write_text("SELECT 'theirs';\n")
        return True

    monkeypatch.setattr(set_settings, "_confirmed", meanwhile)
    result = project.koonj("set", "1", "retries=5")
    assert result.code == ExitCode.ERROR
    assert "Nothing was changed." in result.err
    assert file.read_text() == "SELECT 'theirs';\n"
