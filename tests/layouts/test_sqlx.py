"""sqlx: by what it is recognised, names, pairs, checksums, and the states that its rows mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from koonj.migrations.folder import Folder, FolderReader
from koonj.migrations.layouts import checksums
from koonj.migrations.layouts.sqlx import LAYOUT
from koonj.migrations.layouts.sqlx_settings import identifiers
from koonj.migrations.layouts.tool_history import ToolHistory
from koonj.migrations.layouts.tool_migration import Runs
from support.tool_truth import TRUTH, migrations_of

PLAIN = "SELECT 1;\n"
CARGO = '[dependencies]\nsqlx = { version = "0.8" }\n'


def read(root: Path, files: dict[str, str], layout: str = "") -> Folder:
    (root / "migrations").mkdir(exist_ok=True)
    for name, text in files.items():
        (root / "migrations" / name).write_bytes(text.encode())
    return FolderReader(root / "migrations", root, layout).read()


def tool(folder: Folder) -> str:
    return folder.layout.name if folder.layout else "koonj"


@pytest.mark.parametrize(
    ("around", "files", "found"),
    [
        ({"Cargo.toml": CARGO}, {"001_a.sql": PLAIN}, "sqlx"),
        ({"Cargo.toml": "[workspace.dependencies.sqlx]\nversion = '0.8'\n"}, {"001_a.sql": PLAIN}, "sqlx"),
        ({"Cargo.toml": "[dependencies]\nsqlx.workspace = true\n"}, {"1_a.sql": PLAIN}, "sqlx"),
        ({"sqlx.toml": ""}, {"20240101_a.sql": PLAIN}, "sqlx"),
        ({"Cargo.toml": CARGO, "go.mod": ""}, {"1_a.up.sql": PLAIN, "1_a.down.sql": PLAIN}, "sqlx"),
        ({"Cargo.toml": ""}, {"1_a.up.sql": PLAIN, "1_a.down.sql": PLAIN}, "sqlx"),
        ({"Cargo.toml": "[dependencies]\nsqlx-macros = '1'\n"}, {"001_a.sql": PLAIN}, "koonj"),
        ({"Cargo.toml": CARGO}, {"001_a.sql": "BEGIN;\nSELECT 1;\nCOMMIT;\n"}, "koonj"),
        ({"Cargo.toml": CARGO}, {"001_a.sql": "-- migrate:up\nSELECT 1;\n-- migrate:down\n"}, "dbmate"),
        ({"Cargo.toml": CARGO}, {"notes.sql": PLAIN}, "koonj"),
        ({}, {"001_a.sql": PLAIN}, "koonj"),
        ({}, {"1_a.up.sql": PLAIN, "1_a.down.sql": PLAIN}, "golang-migrate"),
    ],
)
def test_the_project_around_it_decides(
    around: dict[str, str], files: dict[str, str], found: str, tmp_path: Path
) -> None:
    for name, text in around.items():
        (tmp_path / name).write_text(text)
    assert tool(read(tmp_path, files)) == found


def test_the_folder_of_checked_queries_is_a_sign(tmp_path: Path) -> None:
    (tmp_path / ".sqlx").mkdir()
    assert tool(read(tmp_path, {"001_a.sql": PLAIN})) == "sqlx"


def test_files_are_sorted_by_number_and_what_sqlx_refuses_is_listed(tmp_path: Path) -> None:
    names = ["10_c.sql", "2_b_b.up.sql", "2_b_b.down.sql", "+3_d.sql", "02_z.sql", "x_y.sql", "5_e.down.sql"]
    folder = read(tmp_path, dict.fromkeys([*names, "README.sql", f"{2**63}_f.sql"], PLAIN), "sqlx")
    assert [(one.name, one.version, one.words, one.has_rollback) for one in migrations_of(folder)] == [
        ("02_z.sql", "2", "z", True),
        ("+3_d.sql", "3", "d", False),
        ("10_c.sql", "10", "c", False),
    ]
    assert {name: problem.message for name, problem in folder.problems} == {
        "2_b_b.up.sql": "02_z.sql has the same number, so sqlx cannot record both.",
        "x_y.sql": "Before the first underscore there is no number, so sqlx refuses the folder.",
        "5_e.down.sql": "No file has the number that it rolls back.",
        f"{2**63}_f.sql": "Before the first underscore there is no number, so sqlx refuses the folder.",
    }
    assert folder.other_files == 1


def test_the_mark_against_a_transaction_must_be_the_first_bytes(tmp_path: Path) -> None:
    index, two = "CREATE INDEX CONCURRENTLY i ON t (id);\n", PLAIN + PLAIN
    files = {
        "1_a.sql": "-- no-transaction\n" + index,
        "2_b.sql": "\n-- no-transaction\n" + index,
        "3_c.sql": "-- no-transaction\n" + index + two,
    }
    folder = read(tmp_path, files, "sqlx")
    found = [(one.up.runs, [p.code for p in one.problems]) for one in migrations_of(folder)]
    refused = ["refused-in-transaction"]
    assert found == [(Runs.ONE_QUERY, []), (Runs.TRANSACTION, refused), (Runs.ONE_QUERY, refused)]


def test_the_checksum_is_the_one_that_sqlx_has_stored() -> None:
    raw = (TRUTH / "sqlx/migrations/2_posts_two.up.sql").read_bytes()
    stored = (
        "ccc1a679222df8a7aa330f9ba08929f31e14dbd00d0c24b9faa53af516e5b2c2b20e0d56764b9b4070a16b626128c085"
    )
    assert checksums.sqlx(raw) == stored
    assert checksums.sqlx(raw.replace(b"\r\n", b"\n")) != stored
    assert checksums.sqlx(b"\xef\xbb\xbf" + raw) != stored


def test_the_settings_name_the_table_and_what_checksums_ignore(tmp_path: Path) -> None:
    (tmp_path / "sqlx.toml").write_text(
        '[migrate]\ntable-name = \'ops."Log"\'\nignored-chars = ["\\r", "\\uFEFF"]\n'
    )
    folder = read(tmp_path, {"1_a.sql": "\ufeffSELECT 'ü';\r\n"})
    assert folder.layout is not None
    assert [(table.schema, table.name) for table in folder.layout.tables] == [("ops", "Log")]
    (one,) = migrations_of(folder)
    assert one.checksum == checksums.sqlx("SELECT 'ü';\n".encode())
    assert identifiers('"a""b".C') == ('a"b', "c")


def test_rows_of_old_versions_can_have_failed(tmp_path: Path) -> None:
    folder = read(tmp_path, {"1_a.sql": PLAIN, "2_b.sql": PLAIN}, "sqlx")
    rows = ((1, "a", True, checksums.sqlx(PLAIN.encode())), (2, "b", False, ""), (3, "c", False, ""))
    found = LAYOUT.states(migrations_of(folder), ToolHistory({"history": rows}))
    assert [(one.name, one.state.value) for one in found] == [
        ("1_a.sql", "applied"),
        ("2_b.sql", "failed"),
        ("3", "failed"),
    ]
