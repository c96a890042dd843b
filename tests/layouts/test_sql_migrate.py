"""What sql-migrate would run of a file, which files it refuses, and where its history is."""

from __future__ import annotations

from pathlib import Path

import psycopg

from koonj.config import Target
from koonj.migrations.folder import Folder, FolderReader
from koonj.postgres.connector import Connector
from koonj.runner.target.status import read_status
from support.tool_truth import migrations_of

UP, DOWN = "-- +migrate Up\n", "-- +migrate Down\n"
BEGIN, END = "-- +migrate StatementBegin\n", "-- +migrate StatementEnd\n"
ONE = "SELECT 1;\n"
FUNCTION = "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n-- note\nRETURN 1;\nEND $$;\n"
INDEX = "CREATE INDEX CONCURRENTLY i ON t (id);\n"
ONE_TRANSACTION = "sql-migrate runs it in one transaction"
RUNS = {
    UP + ONE + DOWN + ONE: (ONE_TRANSACTION, ONE_TRANSACTION),
    "-- +migrate Up notransaction\n" + INDEX + DOWN + ONE: (
        "1 statement outside a transaction",
        ONE_TRANSACTION,
    ),
    "-- +migrate Up notransaction\nSELECT 1; SELECT 2;\n": (
        "sql-migrate sends it as one message, so it is one transaction",
        None,
    ),
    "-- +migrate Up\r\nSELECT 1;\r\n": (ONE_TRANSACTION, None),
    "SELECT 'this line is left out';\n" + UP + ONE: (ONE_TRANSACTION, None),
    UP + BEGIN + FUNCTION + END + DOWN + "-- nothing\n": (ONE_TRANSACTION, "no statements"),
    DOWN + ONE + UP + ONE: (ONE_TRANSACTION, ONE_TRANSACTION),
    UP + "SELECT\n-- a comment; that is left out;\n1;\n": (ONE_TRANSACTION, None),
    UP + "-- +migrate Sideways\n" + ONE: (ONE_TRANSACTION, None),
    DOWN + ONE: ("no statements", ONE_TRANSACTION),
}
REFUSED = {
    UP + FUNCTION: (5, "sql-migrate ends the statement at this line"),
    UP + ONE + DOWN + FUNCTION: (7, "sql-migrate ends the statement at this line"),
    UP + BEGIN + "SELECT 1\n" + END + ONE: (3, "This statement has no semicolon at its end"),
    UP + "SELECT 'a\n-- b\n';\n": (3, "does not send this line"),
    UP + ONE + UP + ONE: (3, "several '-- +migrate Up'"),
    UP + "SELECT 1\n" + DOWN: (2, "finds no end of the statement"),
    UP + ONE + "--nothing\n": (3, "finds no end of the statement"),
    UP + BEGIN + ONE: (4, "StatementEnd' is missing"),
    ONE: (1, "has no '-- +migrate Up'"),
    "\ufeff" + UP + ONE: (1, "has no '-- +migrate Up'"),
    "-- +migrate up\n" + ONE: (1, "has no '-- +migrate Up'"),
    UP + "-- +migrate \n" + ONE: (2, "This marker is not complete"),
}


def read(tmp_path: Path, files: dict[str, str], folder: str = ".") -> Folder:
    path = tmp_path / folder
    path.mkdir(exist_ok=True)
    for name, text in files.items():
        (path / name).write_bytes(text.encode())
    return FolderReader(path, tmp_path, "sql-migrate").read()


def test_transactions_are_those_of_sql_migrate(tmp_path: Path) -> None:
    files = {f"{number}_a.sql": text for number, text in enumerate(RUNS, start=1)}
    found = {}
    for one in migrations_of(read(tmp_path, files)):
        assert one.problems == (), files[one.name]
        rollback = one.rollback_shape.explanation if one.rollback_shape else None
        found[files[one.name]] = (one.shape.explanation, rollback)
    assert found == RUNS


def test_what_cannot_be_run_as_sql_migrate_does_is_shown_with_its_line_and_never_run(tmp_path: Path) -> None:
    files = {f"{number}_a.sql": text for number, text in enumerate(REFUSED, start=1)}
    folder = read(tmp_path, files)
    assert folder.problems == ()
    for one in migrations_of(folder):
        text = files[one.name]
        line, words = REFUSED[text]
        found = [(p.code, p.severity.value, p.line) for p in one.problems]
        assert found == [("tool-file", "error", line)], text
        assert words in one.problems[0].message


def test_the_order_is_the_number_and_then_the_text(tmp_path: Path) -> None:
    names = [
        "1_a.sql",
        "01_b.sql",
        "1_B.sql",
        "10_c.sql",
        "9.sql",
        "z.sql",
        "Z_2.sql",
        "99999999999999999999_x.sql",
    ]
    folder = read(tmp_path, {**dict.fromkeys(names, UP + ONE), "README.md": ""})
    sorted_names = ["01_b.sql", "1_B.sql", "1_a.sql", "9.sql", "10_c.sql", "Z_2.sql", "z.sql"]
    assert [one.version for one in migrations_of(folder)] == sorted_names
    assert [one.number for one in folder.migrations] == [1, 1, 1, 9, 10, 0, 0]
    assert [name for name, _ in folder.problems] == ["99999999999999999999_x.sql"]
    assert folder.other_files == 1


def test_the_parts_are_those_of_their_markers(tmp_path: Path) -> None:
    text = "SELECT 0;\n" + DOWN + "SELECT 2;\n" + UP + "  SELECT 1;\n"
    (one,) = read(tmp_path, {"1_a.sql": text}).migrations
    assert [(s.text, s.line, s.column) for s in one.sections.body.statements] == [("SELECT 1;", 5, 3)]
    rollback = one.sections.rollback
    assert rollback is not None
    assert [(s.text, s.line) for s in rollback.statements] == [("SELECT 2;", 3)]


def test_dbconfig_yml_makes_a_folder_sure_only_with_its_own_files(tmp_path: Path) -> None:
    (tmp_path / "dbconfig.yml").write_text("production:\n    dialect: postgres\n")
    cases = {
        "empty": ({}, "sql-migrate"),
        "marked": ({"001_a.sql": "SELECT 1;\n", "002_b.sql": UP + ONE}, "sql-migrate"),
        "koonj": ({"001_a.sql": "BEGIN;\nSELECT 1;\nCOMMIT;\n", "002_b.sql": UP + ONE}, None),
        "plain": ({"001_a.sql": "SELECT 1;\n"}, None),
        "dbmate": ({"001_a.sql": "-- migrate:up\n-- migrate:down\n"}, "dbmate"),
        "goose": ({"001_a.sql": "-- +goose Up\n"}, "goose"),
    }
    for case, (files, tool) in cases.items():
        (tmp_path / case).mkdir()
        for name, text in files.items():
            (tmp_path / case / name).write_text(text)
        layout = FolderReader(tmp_path / case, tmp_path).read().layout
        assert (layout and layout.name) == tool, case
    (tmp_path / "dbconfig.yml").write_text("not: of sql-migrate\n")
    layout = FolderReader(tmp_path / "marked", tmp_path).read().layout
    assert layout is None


def test_without_dbconfig_yml_the_marker_decides(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text(UP + ONE)
    layout = FolderReader(tmp_path, tmp_path).read().layout
    assert layout is not None
    assert layout.evidence == "./*.sql with '-- +migrate Up'"


CONFIGURED = {
    "public.gorp_migrations": "development:\n  dialect: postgres\n",
    "public.Migrations": "development:\n  dialect: postgres\n  table: Migrations # a comment\n",
    "ops.applied": "# a comment\ntest:\n  dialect: postgres\n  table: other\n"
    'development:\n  dialect: "postgres"\n  table: "applied"\n  schema: OPS\n',
    "public.first": "production:\n  dialect: postgres\n  table: 'first'\nshared:\n  table: other\n",
}


async def test_the_table_is_the_one_of_dbconfig_yml(
    tmp_path: Path, database: str, connector: Connector
) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE SCHEMA ops")
        for place in (*CONFIGURED, "public.other"):
            schema, name = place.split(".")
            conn.execute(f'CREATE TABLE {schema}."{name}" (id text, applied_at timestamptz)'.encode())
            conn.execute(f"INSERT INTO {schema}.\"{name}\" VALUES ('{place}.sql')".encode())
    for place, text in CONFIGURED.items():
        (tmp_path / "dbconfig.yml").write_text(text)
        folder = read(tmp_path, {"a.sql": UP + ONE}, place)
        status = await read_status(connector, Target("local", database), folder)
        missing = [one.name for one in status.migrations if one.state.value == "missing"]
        assert (status.tool_history, missing) == (place, [f"{place}.sql"])
