"""What node-pg-migrate would run of a file, how it sorts names, and where its history is."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from koonj.config import Target
from koonj.migrations.folder import Folder, FolderReader
from koonj.postgres.connector import Connector
from koonj.runner.target.status import read_status
from support.tool_truth import migrations_of

UP, DOWN = "-- Up Migration\n", "-- Down Migration\n"
PACKAGE = json.dumps({"devDependencies": {"node-pg-migrate": "^9.0.0"}})
BODY, ROLLBACK = ["SELECT 1;"], ["SELECT 2;"]
HALVES = {
    UP + "SELECT 1;\n" + DOWN + "SELECT 2;\n": (BODY, ROLLBACK),
    DOWN + "SELECT 2;\n" + UP + "SELECT 1;\n": (BODY, ROLLBACK),
    "SELECT 0;\n" + UP + "SELECT 1\n": (["SELECT 1"], None),
    "SELECT 1;\n": (BODY, None),
    "SELECT 1;\n" + DOWN + "SELECT 2;\n": ([*BODY, *ROLLBACK], ROLLBACK),
    "\n  ---- - UP  migration, first\r\nSELECT 1;\r\n\t--down migrations\r\nSELECT 2;\r\n": (BODY, ROLLBACK),
    "\ufeff" + UP + "SELECT 1;\n" + UP + "SELECT 2;\n": ([*BODY, *ROLLBACK], None),
    UP + "SELECT 1;\n" + DOWN: (BODY, []),
}
"""Statements of body and rollback, as node-pg-migrate sends them."""


def read(path: Path, files: dict[str, str], layout: str = "node-pg-migrate") -> Folder:
    path.mkdir(exist_ok=True)
    for name, text in files.items():
        (path / name).write_bytes(text.encode())
    return FolderReader(path, path, layout).read()


def test_body_and_rollback_are_those_of_the_markers(tmp_path: Path) -> None:
    files = {f"{number}_a.sql": text for number, text in enumerate(HALVES, start=1)}
    found = {}
    for one in migrations_of(read(tmp_path, files)):
        assert one.problems == (), files[one.name]
        rollback = one.sections.rollback
        found[files[one.name]] = (
            [statement.text.strip() for statement in one.sections.body.statements],
            None if rollback is None else [statement.text.strip() for statement in rollback.statements],
        )
    assert found == HALVES


def test_sql_always_runs_in_a_transaction(tmp_path: Path) -> None:
    index = "CREATE INDEX CONCURRENTLY i ON t (id);\n"
    (one,) = read(tmp_path, {"1_a.sql": UP + index + DOWN + "\nSELECT 2;\n"}).migrations
    assert [(problem.code, problem.line) for problem in one.problems] == [("refused-in-transaction", 2)]
    rollback = one.sections.rollback
    assert rollback is not None
    assert [(s.line, s.column) for s in rollback.statements] == [(5, 1)]


def test_17_digits_are_a_time_and_other_numbers_count_as_they_are(tmp_path: Path) -> None:
    names = [
        "0001_a.sql",
        "1_b-a.sql",
        "1_B_b.sql",
        "1_b2.sql",
        "1_b10.sql",
        "1_b.sql",
        "1_B.sql",
        "20240101000000000_time.sql",
        "1704067200001_ms.sql",
        "20240101000000_fourteen.sql",
        "99999999999999999_no-time.sql",
    ]
    folder = read(tmp_path, dict.fromkeys(reversed(names), "SELECT 1;\n"))
    assert [one.name for one in folder.migrations] == [
        "0001_a.sql",
        "1_b2.sql",
        "1_b10.sql",
        "1_b-a.sql",
        "1_B_b.sql",
        "1_b.sql",
        "1_B.sql",
        "20240101000000000_time.sql",
        "1704067200001_ms.sql",
        "20240101000000_fourteen.sql",
        "99999999999999999_no-time.sql",
    ]


def test_programs_and_files_without_a_number_are_listed(tmp_path: Path) -> None:
    names = ["1_a.sql", "2_b.js", "3_c.ts", "4_d.txt", "README.md", "schema.sql", "5.sql"]
    folder = read(tmp_path, dict.fromkeys(names, "exports.up = () => {}\n"))
    found = [(one.name, one.version, one.has_statements) for one in migrations_of(folder)]
    assert found == [
        ("1_a.sql", "1_a", True),
        ("2_b.js", "2_b", False),
        ("3_c.ts", "3_c", False),
        ("5.sql", "5", True),
    ]
    assert [problem.message for problem in folder.migrations[1].problems] == [
        "This migration is a program. koonj shows its state and cannot run it."
    ]
    assert [name for name, _ in folder.problems] == ["4_d.txt", "README.md", "schema.sql"]


def test_pairs_are_one_migration_if_the_folder_has_a_pair(tmp_path: Path) -> None:
    sql = "SELECT 1;\n"
    alone = read(tmp_path / "alone", {"1_a.up.sql": sql, "2_b.down.sql": sql})
    found = [(one.version, one.has_rollback) for one in migrations_of(alone)]
    assert found == [("1_a.up", False), ("2_b.down", False)]
    files = dict.fromkeys(["1_a.up.sql", "1_a.down.sql", "2_b.up.sql", "3_c.down.sql", "4_d.sql"], UP + sql)
    pairs = read(tmp_path / "pairs", files)
    found = [(one.version, one.has_rollback) for one in migrations_of(pairs)]
    assert found == [("1_a", True), ("2_b", False), ("4_d", False)]
    assert [name for name, _ in pairs.problems] == ["3_c.down.sql"]


CASES = {
    "program": ({"1_a.js": ""}, PACKAGE, "node-pg-migrate"),
    "empty": ({}, PACKAGE, "node-pg-migrate"),
    "plain": ({"001_a.sql": "SELECT 1;\n"}, PACKAGE, "node-pg-migrate"),
    "pair": ({"1_a.up.sql": "", "1_a.down.sql": ""}, PACKAGE, "node-pg-migrate"),
    "koonj": ({"001_a.sql": "BEGIN;\nSELECT 1;\nCOMMIT;\n"}, PACKAGE, None),
    "no_number": ({"a.sql": UP}, PACKAGE, None),
    "other_dependency": ({"001_a.sql": "SELECT 1;\n"}, PACKAGE.replace("-pg-", "-my-"), None),
    "only_named": ({"001_a.sql": "SELECT 1;\n"}, '{"description": "as node-pg-migrate"}', None),
    "no_json": ({"001_a.sql": "SELECT 1;\n"}, "node-pg-migrate", None),
    "marker": ({"1_a.sql": "-- up migration\n"}, "{}", "node-pg-migrate"),
    "dbmate": ({"1_a.sql": "-- migrate:up\n-- migrate:down\n"}, "{}", "dbmate"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_dependency_or_the_marker_decides(case: str, tmp_path: Path) -> None:
    files, package, tool = CASES[case]
    (tmp_path / "package.json").write_text(package)
    layout = read(tmp_path / "migrations", files, "").layout
    assert (layout and layout.name) == tool


CONFIGURED = {
    "public.pgmigrations": "node server.js -t other",
    "public.log": "node-pg-migrate up -t log",
    "ops.pgmigrations": "DATABASE_URL=x node-pg-migrate --migrations-schema=ops -s public up",
    "App.applied": "tsx x && node-pg-migrate --schema App --migrations-table applied",
}


async def test_the_table_is_the_one_of_the_scripts(
    tmp_path: Path, database: str, connector: Connector
) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute('CREATE SCHEMA ops; CREATE SCHEMA "App"')
        for place in CONFIGURED:
            table = '"{}"."{}"'.format(*place.split("."))
            conn.execute(f"CREATE TABLE {table} (id serial, name varchar(255), run_on timestamp)".encode())
            conn.execute(f"INSERT INTO {table} (name, run_on) VALUES ('1_a', now())".encode())
    for place, script in CONFIGURED.items():
        scripts = {"scripts": {"start": "node .", "migrate": script}}
        (tmp_path / "package.json").write_text(json.dumps(scripts))
        folder = read(tmp_path / place, {"1_a.sql": UP})
        status = await read_status(connector, Target("local", database), folder)
        assert (status.tool_history, [one.state.value for one in status.migrations]) == (place, ["applied"])
