"""What goose would run of a file, which files it refuses, and where its history is."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from koonj.config import Target
from koonj.migrations.folder import Folder, FolderReader
from koonj.postgres.connector import Connector
from koonj.runner.target.status import read_status
from support.tool_truth import migrations_of

UP, DOWN = "-- +goose Up\n", "-- +goose Down\n"
BEGIN, END = "-- +goose StatementBegin\n", "-- +goose StatementEnd\n"
ALONE = "-- +goose NO TRANSACTION\n"
ONE = "SELECT 1;\n"
FUNCTION = "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\nRETURN 1;\nEND $$;\n"
INDEX = "CREATE INDEX CONCURRENTLY i ON t (id);\n"
RUNS = {
    UP + ONE + DOWN + ONE: "goose runs it in one transaction",
    ALONE + UP + INDEX: "1 statement outside a transaction",
    UP + INDEX + "SELECT 2;\n" + DOWN + ALONE: "2 statements outside a transaction, committed separately",
    ALONE + UP + "SELECT 1; SELECT 2;\n": "goose sends it as one message, so it is one transaction",
    "--+goose UP\r\nSELECT 1;\r\n": "goose runs it in one transaction",
    "-- a comment\n\n" + UP + ONE: "goose runs it in one transaction",
    UP + BEGIN + FUNCTION + END + DOWN: "goose runs it in one transaction",
    UP
    + "-- +goose ENVSUB ON\n"
    + ONE
    + "-- +goose ENVSUB OFF\nSELECT '$x';\n": "goose runs it in one transaction",
    UP + "SELECT 'a;b', $$c;d$$;\n": "goose runs it in one transaction",
    UP: "no statements",
}
REFUSED = {
    UP + FUNCTION: (4, "goose ends the statement at this line"),
    UP + "SELECT 'a;\nb';\n": (2, "goose ends the statement at this line"),
    UP + ONE + DOWN + FUNCTION: (6, "goose ends the statement at this line"),
    UP + BEGIN + "SELECT 1\n" + END + ONE: (3, "This statement has no semicolon at its end"),
    ALONE + UP + "SELECT 1; SELECT 2;\n" + INDEX: (3, "as one message"),
    UP + "SELECT 1\n" + DOWN: (2, "goose finds no end of the statement"),
    UP + ONE + "SELECT 2": (3, "goose finds no end of the statement"),
    ONE: (1, "This line is above"),
    "-- nothing\n": (1, "has no '-- +goose Up'"),
    " " + UP + ONE: (1, "does not know this marker"),
    UP + "-- +goose Sideways\n": (2, "does not know this marker"),
    UP + UP + ONE: (2, "comes twice, or in the wrong order"),
    DOWN + UP + ONE: (1, "comes twice, or in the wrong order"),
    UP + END + ONE: (2, "comes twice, or in the wrong order"),
    UP + BEGIN + ONE: (4, "StatementEnd' is missing"),
    UP + "-- +goose ENVSUB ON\nSELECT '${NAME}';\n": (3, "replaces variables of the environment"),
    UP.upper() + ONE: (2, "This line is above"),
    "\ufeff" + UP + ONE: (1, "This line is above"),
}


def read(tmp_path: Path, files: dict[str, str]) -> Folder:
    for name, text in files.items():
        (tmp_path / name).write_bytes(text.encode())
    return FolderReader(tmp_path, tmp_path).read()


def test_transactions_are_those_of_goose(tmp_path: Path) -> None:
    files = {f"{number}_a.sql": text for number, text in enumerate(RUNS, start=1)}
    folder = read(tmp_path, files)
    found = {files[one.name]: (one.shape.explanation, one.problems) for one in migrations_of(folder)}
    assert found == {text: (words, ()) for text, words in RUNS.items()}


def test_what_cannot_be_run_as_goose_does_is_shown_with_its_line_and_never_run(tmp_path: Path) -> None:
    files = {f"{number}_a.sql": text for number, text in enumerate(REFUSED, start=1)}
    folder = read(tmp_path, files)
    assert folder.problems == ()
    for one in migrations_of(folder):
        line, words = REFUSED[files[one.name]]
        assert [(p.code, p.severity.value, p.line) for p in one.problems] == [("tool-file", "error", line)], (
            files[one.name]
        )
        assert words in one.problems[0].message


def test_parts_keep_the_lines_of_the_file(tmp_path: Path) -> None:
    text = "-- a comment\n" + UP + "-- another\n  SELECT 1;\n" + DOWN + BEGIN + FUNCTION + END
    (one,) = read(tmp_path, {"1_a.sql": text}).migrations
    assert [(s.text, s.line, s.column) for s in one.sections.body.statements] == [("SELECT 1;", 4, 3)]
    rollback = one.sections.rollback
    assert rollback is not None
    assert [(s.text, s.line) for s in rollback.statements] == [(FUNCTION.rstrip(), 7)]
    assert one.sections.rollback_line == 5


def test_names_are_sorted_by_number_and_programs_are_listed(tmp_path: Path) -> None:
    text = UP + ONE
    names = ("10_b.sql", "9_a.sql", "2_c.sql", "02_d.sql", "0_e.sql", "x_f.sql", "seed.sql", "3.sql")
    programs = {"11_code.go": "package main", "12_code_test.go": "package main", "main.go": "package main"}
    folder = read(tmp_path, {**dict.fromkeys(names, text), **programs, "README.md": ""})
    found = [(one.name, one.version, one.title) for one in migrations_of(folder)]
    assert found == [
        ("02_d.sql", "2", "d"),
        ("9_a.sql", "9", "a"),
        ("10_b.sql", "10", "b"),
        ("11_code.go", "11", "code"),
    ]
    code = folder.migrations[-1]
    assert [problem.message for problem in code.problems] == [
        "This migration is a program in Go. koonj shows its state and cannot run it."
    ]
    assert not code.has_statements
    assert [name for name, _ in folder.problems] == ["0_e.sql", "2_c.sql", "3.sql", "seed.sql", "x_f.sql"]
    assert folder.problems[1][1].message == "02_d.sql has the same number, so goose refuses the folder."
    assert folder.other_files == 3


@pytest.mark.parametrize(
    "files",
    [
        {"1_a.sql": "-- migrate:up\n" + ONE},
        {"1_a.sql": "-- +migrate Up\n" + ONE},
        {"1_a.sql": "SELECT '\n -- +goose Up';\n"},
        {"README.md": UP, "a.sql": UP},
        {"001_a.sql": "BEGIN;\nSELECT 1;\nCOMMIT;\n", "002_a.sql": UP + ONE},
    ],
)
def test_folders_of_others_are_not_recognised(files: dict[str, str], tmp_path: Path) -> None:
    folder = read(tmp_path, files)
    assert folder.layout is None or folder.layout.name != "goose"


@pytest.mark.parametrize(
    ("env", "place"),
    [
        ("GOOSE_DRIVER=postgres\nGOOSE_TABLE=Ops.Versions\n", "ops.versions"),
        ('export GOOSE_TABLE = "versions"\n', "public.versions"),
        ("# GOOSE_TABLE=other\n", "public.goose_db_version"),
    ],
)
async def test_the_table_is_the_one_of_the_env_file(
    env: str, place: str, tmp_path: Path, database: str, connector: Connector
) -> None:
    (tmp_path / ".env").write_text(env)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE SCHEMA ops")
        for table in ("ops.versions", "public.versions", "public.goose_db_version"):
            is_it = table == place
            conn.execute(f"CREATE TABLE {table} (id serial, version_id bigint, is_applied bool)".encode())
            conn.execute(f"INSERT INTO {table} (version_id, is_applied) VALUES (1, {is_it})".encode())
    status = await read_status(connector, Target("local", database), read(tmp_path, {"1_a.sql": UP + ONE}))
    assert (status.tool_history, [one.state.value for one in status.migrations]) == (place, ["applied"])
