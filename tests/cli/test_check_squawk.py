"""`koonj check` with squawk: when it is asked, and what the reports say about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from koonj.cli.report_paths import ReportPaths
from koonj.cli.sarif import sarif_lines
from koonj.migrations.folder import FileProblem
from koonj.migrations.squawk.install import VERSION, find
from koonj.sql.problem import Problem, Severity
from support.command import Project

needs_squawk = pytest.mark.skipif(find() is None, reason="squawk is not installed (extra: test)")
DROP = "DROP TYPE a;\n-- Rollback: none: test\n"


def checks(files: Project, text: str) -> None:
    with (files.root / "koonj.toml").open("a") as file:
        file.write(f"[checks]\n{text}\n")


@needs_squawk
def test_squawk_is_asked_if_it_is_installed(files: Project) -> None:
    files.write("001_a.sql", DROP)
    answer = files.koonj("check")
    assert (answer.code, answer.err) == (0, "")
    first, *_, last = answer.out.splitlines()
    assert first.startswith("migrations/001_a.sql:1:1: warning: ")
    assert first.endswith(" [squawk/ban-drop-type]")
    assert last == "1 migration in migrations: 1 warning"
    report = files.koonj("check", "--json").json
    assert report["squawk"] == VERSION
    assert [problem["code"] for problem in report["problems"]] == ["squawk/ban-drop-type"]
    sarif = files.koonj("check", "--format", "sarif").out
    assert '"helpUri": "https://squawkhq.com/docs/ban-drop-type"' in sarif


def test_sarif_links_no_page_for_a_syntax_error() -> None:
    problem = Problem("squawk/syntax-error", Severity.WARNING, "m", "", 1, 1)
    log = "".join(sarif_lines([FileProblem("1.sql", "1.sql", problem)], ReportPaths(Path("m"))))
    assert "helpUri" not in log
    assert "squawk does not understand the statement." in log


def test_without_squawk_nothing_is_said(files: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koonj.cli.check.find_squawk", lambda: None)
    files.write("001_a.sql", DROP)
    answer = files.koonj("check")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == "1 migration in migrations: no problems\n"
    assert files.koonj("check", "--json").json["squawk"] is None


def test_squawk_can_be_turned_off(files: Project) -> None:
    files.write("001_a.sql", DROP)
    checks(files, "squawk = false")
    assert files.koonj("check").out == "1 migration in migrations: no problems\n"
    assert files.koonj("check", "--json").json["squawk"] is None


@pytest.mark.parametrize("value", ["true", "false"])
def test_other_commands_accept_the_setting(files: Project, value: str) -> None:
    files.write("001_a.sql", DROP)
    checks(files, f"squawk = {value}")
    assert files.koonj("show", "1").code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('squawk = "yes"', "koonj.toml:4: checks.squawk must be true or false, not a string."),
        ("squak = true", "koonj.toml:4:1: unknown key 'squak'. Did you mean 'squawk'?"),
    ],
)
def test_an_error_in_the_setting_has_its_line(files: Project, text: str, said: str) -> None:
    (files.root / "koonj.toml").write_text(f'migrations = "migrations"\n\n[checks]\n{text}\n')
    files.table(1)
    answer = files.koonj("check")
    assert answer.code == 2
    assert said in answer.err


def test_a_squawk_of_another_version_gives_one_note(
    files: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "squawk"
    program.write_text("#!/bin/sh\necho squawk 9.9.9\n")
    program.chmod(0o755)
    monkeypatch.setattr("koonj.cli.check.find_squawk", lambda: program)
    files.write("001_a.sql", DROP)
    answer = files.koonj("check", "--json")
    assert answer.code == 0
    assert (answer.json["problems"], answer.json["squawk"]) == ([], None)
    assert answer.err == (
        f"koonj: squawk was not asked: its version is 'squawk 9.9.9', and koonj knows {VERSION}. "
        f"To install that: pip install 'squawk-cli=={VERSION}'\n"
    )
