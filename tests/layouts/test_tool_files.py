"""What dbmate and golang-migrate would run of a file: order, parts, lines, problems."""

from __future__ import annotations

from pathlib import Path

from koonj.checks.check import check_folder
from koonj.checks.levels import levels_of
from koonj.config import CheckSettings
from koonj.migrations.folder import Folder, FolderReader
from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.tool_migration import Part, tool_migration
from support.tool_truth import migrations_of

UP, DOWN = "-- migrate:up\n", "-- migrate:down\n"


def read(tmp_path: Path, files: dict[str, str | bytes], layout: str) -> Folder:
    for name, text in files.items():
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return FolderReader(tmp_path, tmp_path, layout).read()


def test_dbmate_sorts_names_as_text(tmp_path: Path) -> None:
    names = ["10_b.sql", "1_a.sql", "2_c.sql"]
    folder = read(tmp_path, {**dict.fromkeys(names, UP + DOWN), "x.sql": UP + DOWN}, "dbmate")
    assert [one.name for one in folder.migrations] == sorted(names)
    assert [one.version for one in migrations_of(folder)] == ["10", "1", "2"]
    assert folder.other_files == 1


def test_dbmate_parts_keep_the_lines_of_the_file(tmp_path: Path) -> None:
    text = "-- a comment\r\n-- migrate:up transaction:false\r\nSELECT 1;\r\n\r\n  SELECT 2;\r\n" + (
        "-- migrate:down\r\n\r\nDROP TABLE IF EXISTS ü;\r\n"
    )
    (one,) = read(tmp_path, {"1_a.sql": text}, "dbmate").migrations
    assert [(s.line, s.column) for s in one.sections.body.statements] == [(3, 1), (5, 3)]
    rollback = one.sections.rollback
    assert rollback is not None
    assert [(s.line, s.column, s.text) for s in rollback.statements] == [(8, 1, "DROP TABLE IF EXISTS ü;")]
    assert one.sections.rollback_line == 6
    assert one.shape.explanation == "dbmate sends it as one message, so it is one transaction"


def test_several_blocks_are_shown_and_not_run(tmp_path: Path) -> None:
    text = UP + "SELECT 1;\n" + DOWN + "SELECT 2;\n" + UP + "SELECT 3;\n" + DOWN
    (one,) = read(tmp_path, {"1_a.sql": text}, "dbmate").migrations
    assert [(s.text, s.line) for s in one.sections.body.statements] == [("SELECT 1;", 2)]
    assert [(problem.code, problem.severity.value) for problem in one.problems] == [("tool-file", "error")]


def test_a_file_that_dbmate_refuses_is_listed_with_the_reason(tmp_path: Path) -> None:
    files = {
        "1_a.sql": "SELECT 1;",
        "2_b.sql": UP,
        "3_c.sql": DOWN + UP,
        "4_d.sql": UP + DOWN,
        "5_e.sql": "SELECT 1;\n" + UP + DOWN,
    }
    folder = read(tmp_path, dict(files), "dbmate")
    assert [one.name for one in folder.migrations] == ["4_d.sql"]
    assert [(name, problem.message) for name, problem in folder.problems] == [
        ("1_a.sql", "The file has no '-- migrate:up', so dbmate refuses it."),
        ("2_b.sql", "The file has no '-- migrate:down', so dbmate refuses it."),
        ("3_c.sql", "The file has '-- migrate:down' before '-- migrate:up', so dbmate refuses it."),
        ("5_e.sql", "The file has statements above '-- migrate:up', so dbmate refuses it."),
    ]


def test_a_statement_that_a_transaction_refuses_is_a_problem_only_in_one(tmp_path: Path) -> None:
    index = "CREATE INDEX CONCURRENTLY i ON t (id);\n"
    files: dict[str, str | bytes] = {
        "1_a.sql": UP + index + DOWN,
        "2_b.sql": UP.replace("up", "up transaction:false") + index + DOWN,
        "3_c.sql": UP.replace("up", "up transaction:false") + index + "SELECT 1;\n" + DOWN,
    }
    folder = read(tmp_path, files, "dbmate")
    found = {one.name: [(p.code, p.line) for p in one.problems] for one in folder.migrations}
    refused = [("refused-in-transaction", 2)]
    assert found == {"1_a.sql": refused, "2_b.sql": [], "3_c.sql": refused}


def test_bytes_that_are_not_utf8_are_a_problem_with_their_line(tmp_path: Path) -> None:
    (one,) = read(
        tmp_path, {"1_a.sql": UP.encode() + b"SELECT '\xff';\n" + DOWN.encode()}, "dbmate"
    ).migrations
    assert [(problem.code, problem.line) for problem in one.problems] == [("not-utf8", 2)]


def test_golang_migrate_takes_half_pairs_and_names_what_it_refuses(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = dict.fromkeys(
        ["2_b.up.sql", "10_c.up.sql", "10_c.down.sql", "1_a.down.sql", "02_z.up.sql", "3_x.up.go"],
        "SELECT 1;\n",
    )
    folder = read(tmp_path, files, "golang-migrate")
    assert [(one.name, one.version, one.has_rollback) for one in migrations_of(folder)] == [
        ("1_a.down.sql", "1", True),
        ("02_z.up.sql", "2", False),
        ("10_c.up.sql", "10", True),
    ]
    assert not folder.migrations[0].has_statements
    assert [name for name, _ in folder.problems] == ["2_b.up.sql", "3_x.up.go"]


def test_a_pair_has_another_hash_when_its_rollback_changes(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"1_a.up.sql": "SELECT 1;\n", "1_a.down.sql": "SELECT 1;\n"}
    before = read(tmp_path, files, "golang-migrate").migrations[0].file_hash
    after = read(tmp_path, {**files, "1_a.down.sql": "SELECT 2;\n"}, "golang-migrate").migrations[0].file_hash
    assert before != after


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(UP + DOWN)
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "1_a.sql").symlink_to(tmp_path / "secret")
    read_folder = FolderReader(folder, tmp_path, "dbmate").read()
    assert read_folder.migrations == ()
    assert [problem.code for _, problem in read_folder.problems] == ["leaves-folder"]


def test_the_safety_rules_find_their_lines(tmp_path: Path) -> None:
    body = "CREATE INDEX i ON t (id);\nSELECT 1;\n"
    folder = read(tmp_path, {"1_a.sql": UP + body + DOWN + "DROP INDEX i;\n"}, "dbmate")
    found = check_folder(folder, levels_of(CheckSettings()))
    assert [(one.problem.code, one.problem.line) for one in found] == [("index-not-concurrent", 2)]


def test_a_rollback_in_comments_keeps_its_lines() -> None:
    text = "SELECT 1;\n--rollback DROP TABLE t;\n--rollback  SELECT ü;\n"
    part = Part("a.sql", text.encode(), text.index("--rollback"), comment="--rollback ")
    places = ("/folder", "folder")
    up = Part("a.sql", text.encode(), 0, part.start)
    one = tool_migration(tool="x", name="a", version="1", number=1, folder=places, up=up, down=part)
    rollback = one.sections.rollback
    assert rollback is not None
    assert [(s.text, s.line, s.column) for s in rollback.statements] == [
        ("DROP TABLE t;", 2, 12),
        ("SELECT ü;", 3, 13),
    ]


def test_files_of_sub_folders_are_listed_but_no_links_out_of_it(tmp_path: Path) -> None:
    (tmp_path / "folder/a/b/c/d").mkdir(parents=True)
    for name in ("1.sql", "a/2.sql", "a/b/3.sql", "a/b/c/4.sql", "a/b/c/d/5.sql", ".hidden"):
        (tmp_path / "folder" / name).touch()
    (tmp_path / "folder/link").symlink_to(tmp_path)
    names = ("1.sql", "a/2.sql", "a/b/3.sql", "a/b/c/4.sql")
    assert FolderListing(tmp_path / "folder", "folder").names == names
    (tmp_path / "folder/.git").mkdir()
    assert FolderListing(tmp_path / "folder", "folder").names == names[:2]
