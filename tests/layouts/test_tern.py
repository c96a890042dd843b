"""What tern would run of a file, which files it refuses, and where its history is."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from koonj.config import Target
from koonj.migrations.folder import Folder, FolderReader
from koonj.postgres.connector import Connector
from koonj.runner.target.status import read_status
from support.tool_truth import migrations_of

LINE = "---- create above / drop below ----\n"
ALONE = "---- tern: disable-tx ----\n"
ONE = "SELECT 1;\n"
INDEX = "CREATE INDEX CONCURRENTLY i ON t (id);\n"
IN_ONE = "tern runs it in one transaction"
OUTSIDE = "1 statement outside a transaction"
RUNS = {
    ONE + LINE + "SELECT 2;\n": (IN_ONE, IN_ONE),
    ONE: (IN_ONE, None),
    ONE + LINE + "\n": (IN_ONE, None),
    ONE + LINE + "-- nothing\n": (IN_ONE, "no statements"),
    ALONE + INDEX + LINE + ONE: (OUTSIDE, IN_ONE),
    ONE + LINE + "\n" + ALONE + INDEX: (IN_ONE, OUTSIDE),
    "SELECT 1 -- " + LINE + LINE: (IN_ONE, "no statements"),
}
REFUSED = {
    "SELECT {{.name}};\n": (1, "the start of a template"),
    ONE + LINE + "\nSELECT '{{1,2},{3,4}}';\n": (4, "the start of a template"),
    "-- a comment\n" + LINE + ONE: (1, "There is no statement above"),
    "": (1, "There is no statement above"),
}


def read(path: Path, files: dict[str, str], layout: str = "tern") -> Folder:
    path.mkdir(exist_ok=True)
    for name, text in files.items():
        (path / name).write_bytes(text.encode())
    return FolderReader(path, path, layout).read()


def test_each_half_has_its_own_transaction(tmp_path: Path) -> None:
    files = {f"{number}_a.sql": text for number, text in enumerate(RUNS, start=1)}
    found = {}
    for one in migrations_of(read(tmp_path, files)):
        assert one.problems == (), files[one.name]
        rollback = one.rollback_shape.explanation if one.rollback_shape else None
        found[files[one.name]] = (one.shape.explanation, rollback)
    assert found == RUNS


def test_with_crlf_the_line_that_disables_the_transaction_does_not_count(tmp_path: Path) -> None:
    (one,) = read(tmp_path, {"1_a.sql": (ALONE + INDEX).replace("\n", "\r\n")}).migrations
    assert [(problem.code, problem.line) for problem in one.problems] == [("refused-in-transaction", 2)]


def test_what_cannot_be_run_as_tern_does_is_shown_with_its_line_and_never_run(tmp_path: Path) -> None:
    files = {f"{number}_a.sql": text for number, text in enumerate(REFUSED, start=1)}
    for one in migrations_of(read(tmp_path, files)):
        line, words = REFUSED[files[one.name]]
        assert [(p.code, p.severity.value, p.line) for p in one.problems] == [("tool-file", "error", line)]
        assert words in one.problems[0].message


def test_numbers_start_at_1_without_gaps(tmp_path: Path) -> None:
    names = ["2_b.sql", "1_a.sql", "02_c.sql", "0_z.sql", "4_d.sql", "5_e.sql", "99999999999_x.sql", "6_.sql"]
    folder = read(tmp_path, {**dict.fromkeys(names, ONE), "shared.sql": ONE})
    assert [one.name for one in folder.migrations] == ["1_a.sql", "02_c.sql", "4_d.sql", "5_e.sql"]
    assert [[p.message for p in one.problems] for one in folder.migrations] == [
        [],
        [],
        ["Migration 3 is missing, so tern refuses the folder."],
        [],
    ]
    assert [name for name, _ in folder.problems] == ["0_z.sql", "2_b.sql", "99999999999_x.sql"]
    assert folder.other_files == 2


def test_parts_keep_the_lines_of_the_file(tmp_path: Path) -> None:
    text = "  SELECT 1;\n\n" + LINE + "\nSELECT 2;\n" + LINE + "SELECT 3;\n"
    (one,) = read(tmp_path, {"1_a.sql": text}).migrations
    assert [(s.text, s.line, s.column) for s in one.sections.body.statements] == [("SELECT 1;", 1, 3)]
    rollback = one.sections.rollback
    assert rollback is not None
    assert [(s.text, s.line) for s in rollback.statements] == [("SELECT 2;", 5), ("SELECT 3;", 7)]


def test_tern_conf_makes_a_folder_sure_only_with_its_own_names(tmp_path: Path) -> None:
    (tmp_path / "tern.conf").write_text("[database]\nhost = localhost\n")
    cases = {
        "empty": ({}, "tern"),
        "without_line": ({"001_a.sql": ONE, "002_b.sql": ONE}, "tern"),
        "koonj": ({"001_a.sql": "BEGIN;\nSELECT 1;\nCOMMIT;\n", "002_b.sql": ONE}, None),
        "dates": ({"20240101_a.sql": "-- migrate:up\n-- migrate:down\n"}, "dbmate"),
        "others": ({"seed.sql": ONE}, None),
    }
    for case, (files, tool) in cases.items():
        layout = read(tmp_path / case, files, "").layout
        assert (layout and layout.name) == tool, case
    (tmp_path / "tern.conf").write_text("[data]\n")
    assert FolderReader(tmp_path / "without_line", tmp_path).read().layout is None


def test_without_tern_conf_the_line_between_the_halves_decides(tmp_path: Path) -> None:
    layout = read(tmp_path, {"1_a.sql": ONE, "2_b.sql": ONE + LINE + ONE}, "").layout
    assert layout is not None
    assert layout.evidence == f"./*.sql with '{LINE.strip()}'"


CONFIGURED = {
    "public.schema_version": "[database]\n# version_table = other\n[data]\nversion_table = other\n",
    "ops.Applied": '[database]\r\nversion_table = OPS."Applied"\r\n',
    "public.other": "[data]\nx = 1\n[database]\nversion_table=other\n",
}


async def test_the_table_is_the_one_of_tern_conf(tmp_path: Path, database: str, connector: Connector) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE SCHEMA ops")
        for place in CONFIGURED:
            schema, name = place.split(".")
            conn.execute(f'CREATE TABLE {schema}."{name}" (version int)'.encode())
            conn.execute(f'INSERT INTO {schema}."{name}" VALUES (1)'.encode())
    for place, text in CONFIGURED.items():
        (tmp_path / "tern.conf").write_bytes(text.encode())
        folder = read(tmp_path / place, {"1_a.sql": ONE})
        status = await read_status(connector, Target("local", database), folder)
        assert (status.tool_history, [one.state.value for one in status.migrations]) == (place, ["applied"])


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("(version int); INSERT INTO schema_version VALUES (1), (2)", "has several rows"),
        ("(version int)", "has no row. tern keeps one row"),
        ("(version int); INSERT INTO schema_version VALUES (-1)", "has the version -1"),
        ("(version varchar(50), description text)", "is not a history of tern: it has other columns"),
    ],
)
async def test_a_table_that_tern_does_not_write_is_an_error(
    table: str, words: str, tmp_path: Path, database: str, connector: Connector
) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(f"CREATE TABLE schema_version {table}".encode())
    status = await read_status(connector, Target("local", database), read(tmp_path, {"1_a.sql": ONE}))
    assert words in (status.error or "")
    assert status.hint
    assert status.migrations == ()
