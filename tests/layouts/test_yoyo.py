"""What yoyo would run of a folder: order, transactions, rollbacks, Python files; and older histories."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from koonj.config import Target
from koonj.migrations.folder import Folder, FolderReader
from koonj.migrations.layouts.yoyo import yoyo_hash
from koonj.postgres.connector import Connector
from koonj.runner.target.status import read_status
from support.tool_truth import migrations_of

SQL = "SELECT 1;\n"
INDEX = "CREATE INDEX CONCURRENTLY i ON t (id);\n"
PYTHON = 'from yoyo import step\n__depends__ = {"0002.b"}\nsteps = [step("SELECT 1")]\n'


def read(tmp_path: Path, files: dict[str, str], layout: str = "yoyo") -> Folder:
    for name, text in files.items():
        path = tmp_path / "migrations" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return FolderReader(tmp_path / "migrations", tmp_path, layout).read()


RECOGNISED = {
    "yoyo.ini without sources": ({"a.sql": SQL, "../yoyo.ini": "[DEFAULT]\n"}, "migrations with yoyo.ini"),
    "yoyo.ini with this folder": (
        {"a.py": PYTHON, "../yoyo.ini": "[DEFAULT]\nsources = x %(here)s/migrat*/\n"},
        "migrations with yoyo.ini",
    ),
    "yoyo.ini that is broken": ({"a.sql": SQL, "../yoyo.ini": "sources = x\n"}, "migrations with yoyo.ini"),
    "yoyo.ini with another folder": ({"001_a.sql": SQL, "../yoyo.ini": "[DEFAULT]\nsources = x\n"}, None),
    "yoyo.ini without files": ({"README.md": "", "../yoyo.ini": "[DEFAULT]\n"}, None),
    "depends": ({"a.sql": "\n-- words\n  --depends : b\n" + SQL}, "migrations/*.sql with '-- depends:'"),
    "depends below a statement": ({"a.sql": SQL + "-- depends: b\n"}, None),
    "depends in koonj's own file": ({"001_a.sql": "-- depends: on the weather\n" + SQL}, None),
    "a rollback": ({"a.sql": SQL, "a.rollback.sql": SQL}, "migrations/*.sql with *.rollback.sql"),
    "a rollback of nothing": ({"a.rollback.sql": SQL}, None),
    "Python": ({"a.py": PYTHON}, None),
}


@pytest.mark.parametrize("case", RECOGNISED)
def test_the_files_decide(case: str, tmp_path: Path) -> None:
    files, evidence = RECOGNISED[case]
    layout = read(tmp_path, files, "").layout
    assert (layout.evidence if layout else None) == evidence
    assert layout is None or layout.name == "yoyo"


def test_a_file_comes_after_those_it_depends_on_otherwise_by_name(tmp_path: Path) -> None:
    files = {
        "0001.a.sql": "-- depends: 0003.c\r\n--depends:0004.d\r\n" + SQL,
        "0002.b.sql": SQL,
        "0003.c.sql": "-- depends: 0002.b\n" + SQL,
        "0004.d.sql": SQL,
        "0005.e.sql": "/* depends */\n-- depends: 9\n" + SQL,
        "10.f.sql": "-- depends:\n" + SQL,
    }
    order = ["0002.b", "0003.c", "0004.d", "0001.a", "0005.e", "10.f"]
    assert [one.version for one in migrations_of(read(tmp_path, files))] == order


def test_ids_become_numbers_and_words(tmp_path: Path) -> None:
    names = ["20240131_02_x1Y2z-create-a_table", "20240131_03_abcde", "0001.users", "first", "7_x.y"]
    folder = read(tmp_path, {f"{name}.sql": SQL for name in names})
    assert [(one.version, one.number, one.title) for one in migrations_of(folder)] == [
        ("0001.users", 1, "users"),
        ("20240131_02_x1Y2z-create-a_table", 2024013102, "create a table"),
        ("20240131_03_abcde", 2024013103, "20240131_03_abcde.sql"),
        ("7_x.y", 7, "x y"),
        ("first", 0, "first"),
    ]


def test_only_the_comments_above_the_body_switch_the_transaction_off(tmp_path: Path) -> None:
    files = {
        "1.sql": "-- transactional: FALSE\n" + SQL + INDEX,
        "1.rollback.sql": INDEX,
        "2.sql": INDEX,
        "2.rollback.sql": "-- transactional: false\n" + INDEX,
        "3.sql": "-- words\n" + SQL + "-- transactional: false\n" + INDEX,
        "4.sql": "-- transactional: false \n" + SQL,
        "5.sql": "-- transactional: true\n-- transactional: true\n" + SQL,
    }
    one, two, three, four, five = read(tmp_path, files).migrations
    assert (one.problems, one.shape.explanation) == (
        (),
        "2 statements outside a transaction, committed separately",
    )
    assert [p.code for p in two.body_problems] == ["refused-in-transaction"]
    assert [p.code for p in two.rollback_problems] == ["refused-in-transaction"]
    assert [(p.code, p.line) for p in three.problems] == [("refused-in-transaction", 4)]
    for broken, words in ((four, "false "), (five, "true true")):
        assert [p.message for p in broken.problems] == [
            f"'-- transactional: {words}' is not true or false, so yoyo stops at it."
        ]


def test_what_yoyo_refuses_or_koonj_cannot_run_is_named(tmp_path: Path) -> None:
    files = {
        "a.sql": "-- depends: b\n" + SQL,
        "b.sql": "-- depends: a\n" + SQL,
        "c.sql": "-- depends: gone\n" + SQL,
        "d.sql": SQL,
        "e.py": PYTHON,
        "e.sql": SQL,
        "post-apply.sql": SQL,
        "post-apply-x.rollback.sql": SQL,
        "_tmp_yoyonewx.sql": SQL,
        "notes.txt": "",
    }
    folder = read(tmp_path, files)
    circle = "Its dependencies lead back to itself, so yoyo refuses all files."
    assert [(one.name, [p.message for p in one.problems]) for one in folder.migrations] == [
        ("c.sql", ["It depends on gone, which is not in the folder, so yoyo refuses all files."]),
        ("d.sql", []),
        (
            "e.py",
            [
                "koonj cannot run it: it is written in Python.",
                "It depends on 0002.b, which is not in the folder, so yoyo refuses all files.",
            ],
        ),
        ("a.sql", [circle]),
        ("b.sql", [circle]),
    ]
    assert [(name, problem.message.partition(":")[0]) for name, problem in folder.problems] == [
        ("e.sql", "e.py has the same id, so yoyo refuses all files."),
        ("post-apply.sql", "It is no migration"),
    ]


@pytest.mark.parametrize(
    "depends", ['__depends__ = "0002.b"', '__depends__ = ["0002.b"]', '__depends__ = {"0002.b"}  # x']
)
def test_dependencies_of_python_are_read_and_nothing_of_it_runs(depends: str, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    files = {
        "0001.a.py": f"open({str(ran)!r}, 'w')\n{depends}\n",
        "0002.b.sql": SQL,
        "0003.c.py": "__depends__ = set(open('x'))\n",
        "0004.d.py": "this is no Python\0",
    }
    folder = read(tmp_path, files)
    assert [one.name for one in folder.migrations] == ["0002.b.sql", "0001.a.py", "0003.c.py", "0004.d.py"]
    assert not folder.migrations[1].has_statements
    assert not ran.exists()


async def test_rows_of_python_files_old_tables_and_other_names_are_read(
    database: str, tmp_path: Path, connector: Connector
) -> None:
    new = "CREATE TABLE {} (migration_hash varchar(64), migration_id varchar(255), applied_at_utc timestamp)"
    row = f"INSERT INTO {{}} VALUES ('{yoyo_hash('0001.a')}', '0001.a', now())"
    cases = {
        "_yoyo_migration": f"{new}; {row}",
        '"Own"': f"{new}; {row}",
        "old": "CREATE TABLE {} (id varchar(191), ctime timestamp); INSERT INTO {} VALUES ('0001.a', now())",
    }
    files = {"0001.a.py": PYTHON, "0002.b.sql": SQL, "0003.c.sql": SQL}
    for table, statements in cases.items():
        settings = f"[DEFAULT]\nmigration_table = {table.strip(chr(34))}\n"
        with psycopg.connect(database, autocommit=True) as conn:
            conn.execute(statements.replace("{}", table).encode())
        folder = read(tmp_path, {**files, "../yoyo.ini": settings, f"{table.strip(chr(34))}.txt": ""}, "")
        status = await read_status(connector, Target("local", database), folder)
        assert (status.error, status.tool_history) == (None, f"public.{table.strip(chr(34))}")
        assert [(one.name, one.state.value) for one in status.migrations] == [
            ("0002.b.sql", "late"),
            ("0001.a.py", "applied"),
            ("0003.c.sql", "pending"),
        ]
