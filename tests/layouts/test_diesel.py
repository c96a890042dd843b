"""What diesel would run of a folder: versions, order, transactions, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from koonj.migrations.folder import Folder, FolderReader
from support.tool_truth import migrations_of

SQL = "SELECT 1;\n"
INDEX = "CREATE INDEX CONCURRENTLY i ON t (id);\n"


def read(tmp_path: Path, files: dict[str, str], layout: str = "") -> Folder:
    for name, text in files.items():
        path = tmp_path / "migrations" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return FolderReader(tmp_path / "migrations", tmp_path, layout).read()


RECOGNISED = {
    "a folder with up.sql": ({"1_a/up.sql": SQL}, "diesel", "migrations/*/up.sql"),
    "with diesel.toml above": (
        {"1_a/up.sql": SQL, "../diesel.toml": ""},
        "diesel",
        "migrations/*/up.sql with diesel.toml",
    ),
    "diesel.toml, beside a file that koonj could own": (
        {"1_a/up.sql": SQL, "001_a.sql": SQL, "../diesel.toml": ""},
        "diesel",
        "migrations/*/up.sql with diesel.toml",
    ),
    "Hasura": ({"1_a/up.sql": SQL, "../config.yaml": "version: 3\n"}, None, ""),
    "Hasura, above its sources": ({"default/1_a/up.sql": SQL}, None, ""),
    "koonj's files with an old folder": ({"001_a.sql": SQL, "old/up.sql": SQL}, None, ""),
    "a file of this name in the folder itself": ({"up.sql": SQL, "../diesel.toml": ""}, None, ""),
    "only a rollback": ({"1_a/down.sql": SQL, "../diesel.toml": ""}, None, ""),
}


@pytest.mark.parametrize("case", RECOGNISED)
def test_the_files_decide(case: str, tmp_path: Path) -> None:
    files, tool, evidence = RECOGNISED[case]
    layout = read(tmp_path, files).layout
    assert ((layout.name, layout.evidence) if layout else (None, "")) == (tool, evidence)


def test_versions_have_no_dashes_and_are_sorted_as_text(tmp_path: Path) -> None:
    names = ["2024-01-01-000002_b_c", "20240101000001_a", "10_x", "9_y", "v1", ".git/up.sql"]
    folder = read(tmp_path, {f"{name}/up.sql": SQL for name in names})
    assert [(one.version, one.name, one.number, one.title) for one in migrations_of(folder)] == [
        ("10", "10_x", 10, "x"),
        ("20240101000001", "20240101000001_a", 20240101000001, "a"),
        ("20240101000002", "2024-01-01-000002_b_c", 20240101000002, "b c"),
        ("9", "9_y", 9, "y"),
        ("v1", "v1", 0, "v1"),
    ]


def test_metadata_without_the_key_switches_the_transaction_off(tmp_path: Path) -> None:
    metadata = {
        "1_none": None,
        "2_empty": "",
        "3_other_key": 'x = "y"\n',
        "4_false": "run_in_transaction = false\n",
        "5_true": "run_in_transaction = true\n",
        "6_no_toml": "run_in_transaction false\n",
        "7_no_boolean": 'run_in_transaction = "false"\n',
    }
    files = {f"{name}/up.sql": INDEX for name in metadata}
    files |= {f"{name}/metadata.toml": text for name, text in metadata.items() if text is not None}
    folder = read(tmp_path, files)
    allowed = {one.name for one in folder.migrations if not one.problems}
    assert allowed == {"2_empty", "3_other_key", "4_false"}
    assert {problem.code for one in folder.migrations for problem in one.problems} == {
        "refused-in-transaction"
    }


def test_without_a_transaction_the_file_is_one_message(tmp_path: Path) -> None:
    files = {"1_a/up.sql": SQL + INDEX, "1_a/down.sql": INDEX, "1_a/metadata.toml": ""}
    (one,) = read(tmp_path, files).migrations
    assert one.shape.explanation == "diesel sends it as one message, so it is one transaction"
    assert [(problem.code, problem.line) for problem in one.problems] == [("refused-in-transaction", 2)]
    assert one.rollback_problems == ()


def test_what_diesel_refuses_is_named(tmp_path: Path) -> None:
    long = "1" * 51
    files = {
        "1_a/up.sql": "",
        "2_b/down.sql": SQL,
        "3_c/up.sql": SQL,
        "3_c/down.sql": "",
        "3_d/up.sql": SQL,
        f"{long}_e/up.sql": SQL,
    }
    folder = read(tmp_path, files)
    assert {one.name: [p.message for p in one.problems] for one in folder.migrations} == {
        "1_a": ["up.sql is empty, so diesel refuses to run it."],
        f"{long}_e": ["The version has more than 50 characters, so diesel cannot record it."],
        "3_c": [],
    }
    assert not folder.migrations[-1].has_rollback
    assert [(name, problem.message) for name, problem in folder.problems] == [
        ("2_b", "The folder has no up.sql, so diesel refuses all migrations."),
        (
            "3_d/up.sql",
            "3_c has the same version, 3. diesel runs only one of the two.",
        ),
    ]


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    (one,) = read(
        tmp_path, {"1_a/up.sql": "-- ü\r\n\r\n  SELECT 1;\r\n", "1_a/down.sql": "\n" + SQL}
    ).migrations
    assert [(s.line, s.column) for s in one.sections.body.statements] == [(3, 3)]
    assert one.shown_path == "migrations/1_a/up.sql"
    rollback = one.sections.rollback
    assert rollback is not None
    assert [(s.line, s.column) for s in rollback.statements] == [(2, 1)]
