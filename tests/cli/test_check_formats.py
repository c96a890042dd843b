"""The reports of `koonj check` for CI: annotations of GitHub, SARIF and JUnit XML."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator, ValidationError
from xmlschema import XMLSchema, XMLSchemaValidationError

from koonj.cli.github_annotations import annotation_lines
from koonj.cli.junit import junit_lines
from koonj.cli.report_paths import ReportPaths
from koonj.cli.sarif import sarif_lines
from koonj.migrations.folder import FileProblem, FolderReader
from koonj.migrations.squawk.install import OF_SQUAWK
from koonj.sql.problem import Problem, Severity
from support.command import Project

HOSTILE = "]]> %0A::error::x\r\n<b a='\"'>&amp; \x00\x1b[31m \ufffe\ud800 é😀"
PATHS = ReportPaths(Path("db/migrations"))


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what says where the repository is: the tests can run in CI themselves."""
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    monkeypatch.delenv("CI_PROJECT_DIR", raising=False)
    monkeypatch.delenv("GITLAB_CI", raising=False)


@pytest.fixture
def broken(files: Project) -> Project:
    """Return a project with an error, a warning and a note, and a file that has none."""
    files.table(1)
    files.write("002_open.sql", "SELECT 'é😀'; BEGIN;\nSELECT 1;\n-- Rollback: none: test\n")
    files.table(4, rollback=False)
    return files


def hostile(severity: Severity = Severity.ERROR) -> FileProblem:
    name = "001_a, b:c%.sql"
    return FileProblem(name, f"db/migrations/{name}", Problem("x", severity, HOSTILE, "fix\nit", 3, 7))


def test_check_prints_text_by_default_and_json_by_either_option(broken: Project) -> None:
    assert broken.koonj("check", "--format", "text").out == broken.koonj("check").out
    assert broken.koonj("check", "--format", "json").out == broken.koonj("check", "--json").out
    both = broken.koonj("check", "--json", "--format", "json")
    assert both.json["command"] == "check"


@pytest.mark.parametrize("form", ["text", "github", "sarif", "junit"])
def test_json_and_another_format_are_refused(files: Project, form: str) -> None:
    answer = files.koonj("check", "--json", "--format", form)
    assert (answer.code, answer.out) == (2, "")
    assert f"Use either --json or --format {form}, not both." in answer.err


def test_unknown_format_is_refused(files: Project) -> None:
    assert files.koonj("check", "--format", "html").code == 2


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif", "junit"])
def test_the_exit_code_is_the_same_in_every_format(files: Project, form: str) -> None:
    files.table(1)
    assert files.koonj("check", "--format", form).code == 0
    files.table(2, rollback=False)
    assert files.koonj("check", "--format", form).code == 4
    files.write("003_open.sql", "BEGIN;\nSELECT 1;\n-- Rollback: none: test\n")
    assert files.koonj("check", "--format", form).code == 1


def test_github_gets_one_command_for_each_problem(broken: Project) -> None:
    gap, error, warning = broken.koonj("check", "--format", "github").out.splitlines()
    assert gap.startswith("::notice file=migrations/004_make_t4.sql,title=gap::Number 003 is not used.%0A")
    assert error.startswith("::error file=migrations/002_open.sql,line=1,col=14,title=open-transaction::")
    assert warning.startswith("::warning file=migrations/004_make_t4.sql,title=no-rollback::")


def test_github_gets_nothing_without_problems(files: Project) -> None:
    files.table(1)
    assert files.koonj("check", "--format", "github").out == ""


def test_github_reads_hostile_text_as_text() -> None:
    """Read the line as the runner does: ``src/Runner.Common/ActionCommand.cs`` of actions/runner."""
    (line,) = annotation_lines([hostile()], PATHS)
    head, data = line.removeprefix("::").split("::", 1)
    command, properties = head.split(" ", 1)
    found = {key: _unescaped(value) for key, value in (one.split("=", 1) for one in properties.split(","))}
    assert command == "error"
    assert found == {"file": "db/migrations/001_a, b:c%.sql", "line": "3", "col": "7", "title": "x"}
    assert "\r" not in line
    assert "\n" not in line
    assert _unescaped(data) == f"{HOSTILE}\nfix\nit"


def _unescaped(text: str) -> str:
    for escaped, character in (
        ("%0D", "\r"),
        ("%0A", "\n"),
        ("%3A", ":"),
        ("%2C", ","),
        ("%25", "%"),
    ):
        text = text.replace(escaped, character)
    return text


SCHEMA = Path(__file__).parents[1] / "support/schemas/sarif-2.1.0.json"


@cache
def sarif_schema() -> Draft202012Validator:
    """Return the schema of SARIF 2.1.0, which accepts no unknown key."""
    return Draft202012Validator(json.loads(SCHEMA.read_text()))


def read_sarif(text: str) -> tuple[list[Any], list[Any]]:
    """Return rules and results of a valid log."""
    assert text.isascii()
    log = json.loads(text)
    sarif_schema().validate(log)
    (run,) = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert result["ruleId"] == rules[result["ruleIndex"]]["id"]
    return rules, run["results"]


@pytest.mark.parametrize(
    "wrong",
    [
        ('"level": "error"', '"level": "fatal"'),
        ('"startLine": 3', '"startLine": 0'),
        ('"ruleId"', '"ruleName"'),
        ('"message": {', '"massage": {'),
    ],
)
def test_the_schema_refuses_what_is_no_sarif(wrong: tuple[str, str]) -> None:
    text = "\n".join(sarif_lines([hostile()], PATHS))
    assert wrong[0] in text
    read_sarif(text)
    with pytest.raises(ValidationError):
        read_sarif(text.replace(*wrong))


def test_sarif_lists_rules_and_results_with_columns_in_code_points(broken: Project) -> None:
    rules, results = read_sarif(broken.koonj("check", "--format", "sarif").out)
    assert [rule["id"] for rule in rules] == ["gap", "open-transaction", "no-rollback"]
    assert [result["level"] for result in results] == ["note", "error", "warning"]
    place = results[1]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "migrations/002_open.sql"}
    assert place["region"] == {"startLine": 1, "startColumn": 14}
    assert "docs/problems.md" in rules[1]["help"]["text"]


def test_sarif_is_valid_without_problems(files: Project) -> None:
    files.table(1)
    assert read_sarif(files.koonj("check", "--format", "sarif").out) == ([], [])


def test_sarif_of_every_kind_of_rule_is_valid() -> None:
    """koonj's problems, its safety rules, squawk's rules and what squawk does not understand."""
    codes = ("gap", "truncate", f"{OF_SQUAWK}ban-char-field", f"{OF_SQUAWK}syntax-error")
    problems = [
        FileProblem("1_a.sql", "m/1_a.sql", Problem(code, Severity.NOTE, "x", "", *place))
        for code in codes
        for place in ((), (1,), (1, 2))
    ]
    rules, results = read_sarif("\n".join(sarif_lines(problems, PATHS)))
    assert [rule["id"] for rule in rules] == list(codes)
    assert len(results) == len(problems)


def test_sarif_encodes_paths_and_hostile_text() -> None:
    (rule,), (result,) = read_sarif("\n".join(sarif_lines([hostile()], PATHS)))
    assert rule["id"] == "x"
    assert result["message"]["text"] == f"{HOSTILE}\nfix\nit"
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "db/migrations/001_a%2C%20b%3Ac%25.sql"


def test_sarif_encodes_a_folder_that_is_not_utf_8() -> None:
    paths = ReportPaths(Path(os.fsdecode(b"d\xff/a:b")))
    assert paths.uri("001_é.sql") == "d%FF/a%3Ab/001_%C3%A9.sql"
    outside = ReportPaths(Path("/elsewhere/a b"))
    assert outside.uri("1.sql") == "file:///elsewhere/a%20b/1.sql"
    assert unquote(outside.uri("1.sql")) == f"file://{outside.path('1.sql')}"


@cache
def junit_schema() -> XMLSchema:
    return XMLSchema(Path(__file__).parents[1] / "support" / "junit.xsd")


def read_junit(text: str) -> ET.Element:
    """Return the root of a report that Jenkins accepts.

    Raises: XMLSchemaValidationError.
    """
    junit_schema().validate(text)
    return ET.fromstring(text)


def test_junit_has_a_case_for_each_file(broken: Project) -> None:
    (suite,) = read_junit(broken.koonj("check", "--format", "junit").out)
    assert (suite.tag, suite.get("name")) == ("testsuite", "koonj check")
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "2", "0")
    good, error, warning = suite
    assert (good.get("name"), list(good)) == ("001_make_t1.sql", [])
    assert (error.get("classname"), error.get("file")) == ("migrations", None)
    (failure,) = error
    assert (failure.tag, failure.get("type")) == ("failure", "open-transaction")
    assert failure.text is not None
    assert "migrations/002_open.sql:1:14: error: " in failure.text
    assert [part.tag for part in warning] == ["failure", "system-out"]


def test_junit_of_a_folder_without_problems_or_files_is_valid(files: Project) -> None:
    ((*none,),) = read_junit(files.koonj("check", "--format", "junit").out)
    files.table(1)
    ((good,),) = read_junit(files.koonj("check", "--format", "junit").out)
    assert (none, good.get("name")) == ([], "001_make_t1.sql")


def test_junit_names_the_path_where_only_gitlab_reads_it(
    broken: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GitLab links the file by an attribute that Jenkins' schema does not have."""
    monkeypatch.setenv("GITLAB_CI", "true")
    text = broken.koonj("check", "--format", "junit").out
    ((_, error, _),) = ET.fromstring(text)
    assert error.get("file") == "migrations/002_open.sql"
    with pytest.raises(XMLSchemaValidationError, match="file"):
        read_junit(text)


def test_junit_replaces_what_xml_forbids(tmp_path: Path) -> None:
    lines = junit_lines(FolderReader(tmp_path).read(), [hostile(), hostile(Severity.NOTE)], PATHS)
    text = "\n".join(lines)
    assert text.isascii()
    ((case,),) = read_junit(text)
    failure, output = case
    shown = HOSTILE.replace("\x00\x1b", "\ufffd\ufffd").replace("\ufffe\ud800", "\ufffd\ufffd")
    assert failure.get("message") == shown
    assert f"001_a, b:c%.sql:3:7: error: {shown} [x]\n    fix\nit\n" in (failure.text or "")
    assert f": note: {shown} [x]" in (output.text or "")


def test_hostile_files_give_valid_reports(files: Project) -> None:
    """Bytes that are not UTF-8, control characters in text and name, and a name that is no migration."""
    files.write("001_a.sql", "-- koonj: ]]>\x1b%0A::error::x 5s\nSELECT 1;\n-- Rollback: none: x\n")
    (files.migrations / "002_b.sql").write_bytes(b"SELECT '\xff';\n")
    (files.migrations / "7 ]]>,%0A\x1b\n::x.sql").write_text("")
    (files.migrations / os.fsdecode(b"8\xff.sql")).write_text("")
    github = files.koonj("check", "--format", "github").out.splitlines()
    assert len(github) >= 4
    assert all(
        line.startswith(("::error file=migrations/", "::warning file=migrations/", "::notice "))
        for line in github
    )
    assert "\x1b" not in "".join(github)
    _, results = read_sarif(files.koonj("check", "--format", "sarif").out)
    assert len(results) == len(github)
    (suite,) = read_junit(files.koonj("check", "--format", "junit").out)
    assert len(suite) == 4


def test_paths_start_at_the_repository(
    broken: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def file() -> str:
        first, *_ = broken.koonj("check", "--format", "github").out.splitlines()
        return first.split("file=")[1].split(",")[0]

    monkeypatch.chdir(broken.migrations)
    assert file() == "004_make_t4.sql"
    (tmp_path / ".git").mkdir()
    assert file() == "migrations/004_make_t4.sql"
    link = tmp_path.parent / f"{tmp_path.name}_link"
    link.symlink_to(tmp_path.parent)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(link))
    assert file() == f"{tmp_path.name}/migrations/004_make_t4.sql"
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path / "elsewhere"))
    assert file() == "migrations/004_make_t4.sql"
