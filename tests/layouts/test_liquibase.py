"""Liquibase: changesets, their lines and options, checksums, and the states that its rows mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from koonj.migrations.folder import Folder, FolderReader
from koonj.migrations.layouts.liquibase import LAYOUT
from koonj.migrations.layouts.tool_history import ToolHistory
from koonj.migrations.layouts.tool_migration import Runs
from support.tool_truth import migrations_of

FIRST = "--liquibase formatted sql\n"
SEVERAL = """\
--liquibase formatted sql

--changeset ann:2-posts runInTransaction:true splitStatements:false endDelimiter:;
create table posts (id bigint primary key);
-- a comment stays
create index posts_i on posts (id);
--rollback drop table posts;

--changeset bob:3 splitStatements:true stripComments:false
  /* x */ create table t3 (a int); -- trailing é
/* liquibase rollback
drop table t3;
*/
--changeset bob:4
create function f() returns int language plpgsql as $$ begin perform 1; return 2; end $$;
--rollback not required
--changeset bob:8 logicalFilePath:old/path.sql
create table t8 (a int);
--ignoreLines:start
garbage;
--ignoreLines:end
"""
STORED = {
    "2-posts::ann": "9:e1ad804704b02b87e669ba9b5c94de17",
    "3::bob": "9:1a9d44996e3304745e4d84d64fe39831",
    "4::bob": "9:aabc0ef4651008fd458b124e1be29851",
    "8::bob": "9:7c621cd2ca1d864e5a7fce2410c21641",
}
"""What Liquibase 4.28.0 has stored for them."""


def read(root: Path, files: dict[str, str], layout: str = "") -> Folder:
    for name, text in files.items():
        path = root / "db" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return FolderReader(root / "db", root, layout).read()


def one_file(root: Path, text: str) -> Folder:
    return read(root, {"a.sql": FIRST + text})


def states(folder: Folder, *rows: tuple[str, str, str, str, str | None]) -> list[tuple[str, str, str]]:
    found = LAYOUT.states(migrations_of(folder), ToolHistory({"history": rows}))
    return [(one.name, one.state.value, one.note) for one in found]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_checksums_are_those_that_liquibase_has_stored(line_end: str, tmp_path: Path) -> None:
    folder = read(tmp_path, {"a.sql": SEVERAL.replace("\n", line_end)})
    assert {one.name: one.checksum for one in migrations_of(folder)} == STORED


def test_changesets_keep_their_lines_and_their_rollbacks(tmp_path: Path) -> None:
    found = migrations_of(read(tmp_path, {"a.sql": SEVERAL}))
    bodies = [
        [(s.line, s.text.partition("\n")[0][:20]) for s in one.sections.body.statements] for one in found
    ]
    assert bodies == [
        [(4, "create table posts ("), (6, "create index posts_i")],
        [(10, "/* x */ create table")],
        [(15, "create function f() ")],
        [(18, "create table t8 (a i"), (20, "garbage;")],
    ]
    rollbacks = [
        one.sections.rollback and [(s.line, s.text) for s in one.sections.rollback.statements]
        for one in found
    ]
    assert rollbacks == [[(7, "drop table posts;")], [(12, "drop table t3;")], [], None]
    assert [one.version for one in found][-1] == "old/path.sql::8::bob"
    assert [bool(one.refused) for one in found] == [False, False, False, True]


def test_lines_of_the_body_between_rollback_lines_are_no_rollback(tmp_path: Path) -> None:
    text = "--changeset a:1\nSELECT 1;\n--rollback SELECT 2,\nSELECT 3;\n-- ROLLBACK   4;\n--rollback\nSELECT 5;\n"
    (one,) = migrations_of(one_file(tmp_path, text))
    assert [s.line for s in one.sections.body.statements] == [3, 5, 8]
    rollback = one.sections.rollback
    assert rollback is not None
    assert [(s.line, s.column, s.text.split()) for s in rollback.statements] == [
        (4, 12, ["SELECT", "2,", "4;"])
    ]


@pytest.mark.parametrize(
    ("options", "runs"),
    [
        ("", Runs.TRANSACTION),
        (" runInTransaction:false", Runs.STATEMENTS),
        (" RUNINTRANSACTION:FALSE splitStatements:false", Runs.ONE_QUERY),
        (' "runInTransaction:true"', Runs.TRANSACTION),
    ],
)
def test_the_options_decide_about_the_transaction(options: str, runs: Runs, tmp_path: Path) -> None:
    (one,) = migrations_of(one_file(tmp_path, f"--changeset a:1{options}\nSELECT 1;\n"))
    assert one.up.runs is runs


@pytest.mark.parametrize(
    ("changeset", "message"),
    [
        ("--changeset a:1 context:test\nSELECT 1;", "It runs only in some contexts (test)"),
        ('--changeset a:1 contextFilter:"a or b"\nSELECT 1;', "It runs only in some contexts (a or b)"),
        ("--changeset a:1 labels:v1\nSELECT 1;", "It has labels (v1)"),
        ("--changeset a:1 dbms:oracle,!h2\nSELECT 1;", "Liquibase does not run it on PostgreSQL"),
        ("--changeset a:1 dbms:!postgresql\nSELECT 1;", "Liquibase does not run it on PostgreSQL"),
        ("--changeset a:1 dbms:oracle,postgresql\nSELECT 1;", ""),
        ("--changeset a:1 dbms:!oracle\nSELECT 1;", ""),
        ("--changeset a:1 runWith:psql\nSELECT 1;", "Another program runs it (psql)"),
        ("--changeset a:1\n--precondition-sql-check expectedResult:0 SELECT 0\nSELECT 1;", "It has precond"),
        ("--changeset a:1\nSELECT '${schema}';", "koonj cannot read a changeset with ${…}"),
        ("--changeset a:1 endDelimiter:/\nSELECT 1\n/", "koonj cannot read a changeset with an endDelimiter"),
        ("--changeset a:1 rollbackEndDelimiter:/\nSELECT 1;", ""),
        (
            "--changeset a:1\nSELECT 1;\n--rollback changesetId:0 changesetAuthor:a",
            "koonj cannot read a rollback",
        ),
        ("--changeset a:1\n--comment nothing", "It has no SQL"),
        (
            "--changeset a:1\n--ignoreLines:1\nSELECT 2;\nSELECT 1;",
            "koonj cannot read a changeset with ignore",
        ),
    ],
)
def test_what_only_liquibase_can_run_is_shown_with_the_reason(
    changeset: str, message: str, tmp_path: Path
) -> None:
    (one,) = one_file(tmp_path, changeset + "\n").migrations
    problems = [problem for problem in one.problems if problem.code == "tool-file"]
    assert [problem.line for problem in problems] == ([2] if message else [])
    assert all(problem.message.startswith(message) for problem in problems)


def test_files_are_read_by_path_and_others_are_listed(tmp_path: Path) -> None:
    files = {
        "b.sql": FIRST + '--changeset "a b":"1 2"\nSELECT 1;\n--changeset a:2\nSELECT 1;\n',
        "a/c.sql": FIRST
        + "--changeset a:2\nSELECT 1;\n--changeset a:2\nSELECT 2;\n--changeset a:3\nSELECT 1;\n",
        "d.sql": "\n-- LiquiBase Formatted SQL logicalFilePath:x.sql\n--changeset b:1\nSELECT 1;\n--changeset b: 2\n",
        "plain.sql": "SELECT 1;\n",
        "root.xml": "<databaseChangeLog/>",
        "other.xml": "<a/>",
    }
    folder = read(tmp_path, files)
    assert [(one.number, one.name, one.version) for one in migrations_of(folder)] == [
        (1, "a/c.sql::2::a", "a/c.sql::2::a"),
        (2, "3::a", "a/c.sql::3::a"),
        (3, "1 2::a b", "b.sql::1 2::a b"),
        (4, "b.sql::2::a", "b.sql::2::a"),
        (5, "1::b", "x.sql::1::b"),
    ]
    assert [(name, problem.message.partition(":")[0]) for name, problem in folder.problems] == [
        ("root.xml", "koonj cannot read it"),
        ("d.sql", "Line 5 is no marker of a changeset, so Liquibase refuses the file."),
        ("plain.sql", "Liquibase takes it for plain SQL"),
        ("a/c.sql", "The changeset 2"),
    ]
    assert folder.other_files == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (FIRST + "--changeset a:1\nSELECT 1;\n", "liquibase"),
        ("-- a comment\n" + FIRST, None),
        ("SELECT 1; -- liquibase formatted sql\n", None),
        ("--changeset a:1\nSELECT 1;\n", None),
    ],
)
def test_the_first_line_decides(text: str, found: str | None, tmp_path: Path) -> None:
    (tmp_path / "liquibase.properties").touch()
    layout = read(tmp_path, {"notes.sql": text}).layout
    assert (layout and layout.name) == found


def test_the_settings_name_the_tables(tmp_path: Path) -> None:
    (tmp_path / "liquibase.properties").write_text(
        "databaseChangeLogTableName = CHANGES\nliquibase.liquibase-schema-name: ops\n#databaseChangeLogLockTableName=x\n"
    )
    layout = one_file(tmp_path, "--changeset a:1\nSELECT 1;\n").layout
    assert layout is not None
    assert [(t.schema, t.name) for t in layout.tables] == [
        ("ops", "changes"),
        ("ops", "databasechangeloglock"),
    ]


def test_a_row_belongs_to_the_file_whose_path_it_ends(tmp_path: Path) -> None:
    folder = read(tmp_path, {"x/a.sql": FIRST + "--changeset a:1\nSELECT 1;\n"})
    for path in ("classpath:db/x/a.sql", "x/a.sql", "./a.sql", str(tmp_path / "db/x/a.sql")):
        assert states(folder, ("1", "a", path, "EXECUTED", None))[0][:2] == ("1::a", "applied")
    for path in ("b.sql", "y/a.sql", "aa.sql"):
        found = states(folder, ("1", "a", path, "EXECUTED", None))
        assert [one[:2] for one in found] == [(f"{path}::1::a", "missing"), ("1::a", "pending")]


def test_the_path_that_a_changeset_names_is_compared_whole(tmp_path: Path) -> None:
    folder = one_file(tmp_path, "--changeset a:1 logicalFilePath:old/p.sql\nSELECT 1;\n")
    assert states(folder, ("1", "a", "old/p.sql", "EXECUTED", None))[0][1] == "applied"
    assert [s for _, s, _ in states(folder, ("1", "a", "a.sql", "EXECUTED", None))] == ["missing", "pending"]


@pytest.mark.parametrize(
    ("options", "lines", "exectype", "checksum", "state", "note"),
    [
        ("", "", "EXECUTED", "9:00", "edited", "not the one"),
        ("", "", "EXECUTED", "8:00", "applied", "edited or not is unknown"),
        ("", "--validCheckSum: ANY\n", "EXECUTED", "9:00", "applied", ""),
        ("", "--validCheckSum 9:00\n", "RERAN", "9:00", "applied", ""),
        ("", "--validCheckSum 9:01\n", "EXECUTED", "9:00", "edited", ""),
        (" runOnChange:true", "", "EXECUTED", "9:00", "pending", "runs it again"),
        ("", "", "FAILED", "9:00", "failed", "recorded that it failed"),
        (" runAlways:true", "", "EXECUTED", "9:00", "pending", "it was applied"),
        ("", "--validCheckSum: ANY\n", "SKIPPED", "9:00", "applied", "skipped"),
        ("", "", "MARK_RAN", None, "applied", "has not run it; edited or not is unknown"),
    ],
)
def test_what_a_row_says(
    options: str, lines: str, exectype: str, checksum: str | None, state: str, note: str, tmp_path: Path
) -> None:
    folder = one_file(tmp_path, f"--changeset a:1{options}\n{lines}SELECT 1;\n")
    ((_, found, said),) = states(folder, ("1", "a", "a.sql", exectype, checksum))
    assert found == state
    assert note in said


def test_a_changeset_for_other_databases_is_not_run_here(tmp_path: Path) -> None:
    text = "--changeset a:1 dbms:oracle\nSELECT 1;\n--changeset a:2\nSELECT 2;\n"
    found = states(one_file(tmp_path, text), ("2", "a", "a.sql", "EXECUTED", None))
    assert found[0] == ("1::a", "pending", "only for oracle, so Liquibase does not run it here")


def test_a_changeset_that_runs_again_is_not_late(tmp_path: Path) -> None:
    text = "--changeset a:1 runOnChange:true\nSELECT 1;\n--changeset a:2\nSELECT 2;\n--changeset a:3\nSELECT 3;\n"
    rows = [(id_, "a", "a.sql", "EXECUTED", "9:00") for id_ in ("1", "3")]
    found = [(name, state) for name, state, _ in states(one_file(tmp_path, text), *rows)]
    assert found == [("1::a", "pending"), ("2::a", "late"), ("3::a", "edited")]
