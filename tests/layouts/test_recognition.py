"""To which tool a folder belongs: by its files, or as koonj.toml says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from koonj.checks.check import check_folder
from koonj.checks.levels import Levels
from koonj.migrations.folder import Folder, FolderError, FolderReader
from koonj.migrations.layouts import recognition
from koonj.migrations.layouts.dbmate import Dbmate
from koonj.migrations.layouts.registry import layouts
from koonj.migrations.layouts.tool_files import may_have_marker
from support.tool_truth import migrations_of

OWN = "BEGIN;\nCREATE TABLE t (id int);\nCOMMIT;\n"
PLAIN = "CREATE TABLE t (id int);\n"
DBMATE = "-- migrate:up\nCREATE TABLE t (id int);\n-- migrate:down\nDROP TABLE t;\n"
CASES = {
    "nothing": ({}, None),
    "koonj's own file": ({"001_t.sql": OWN}, None),
    "a text without BEGIN": ({"001_t.sql": PLAIN}, None),
    "dbmate": ({"20240101_t.sql": DBMATE}, "dbmate"),
    "dbmate, with another file": ({"20240101_t.sql": DBMATE, "README.md": "-- migrate:up"}, "dbmate"),
    "dbmate's name is no name of koonj": ({"1-t.sql": DBMATE}, "dbmate"),
    "one file of dbmate in koonj's folder": ({"001_t.sql": OWN, "002_u.sql": DBMATE}, None),
    "the same without BEGIN": ({"001_t.sql": PLAIN, "002_u.sql": DBMATE}, None),
    "one file with BEGIN in dbmate's folder": (
        {"001_t.sql": OWN, "002_u.sql": DBMATE, "003_v.sql": DBMATE},
        None,
    ),
    "one file without marker in dbmate's folder": (
        {"001_t.sql": PLAIN, "002_u.sql": DBMATE, "003_v.sql": DBMATE},
        "dbmate",
    ),
    "the marker in a text only": ({"001_t.sql": "SELECT '\n -- migrate:up';\n"}, None),
    "a pair": ({"1_t.up.sql": PLAIN, "1_t.down.sql": PLAIN}, "golang-migrate"),
    "one half of a pair": ({"1_t.up.sql": PLAIN}, None),
    "two halves": ({"1_t.up.sql": PLAIN, "2_t.up.sql": PLAIN}, "golang-migrate"),
    "only a rollback": ({"1_t.down.sql": PLAIN}, None),
    "a pair beside koonj's file": ({"001_t.sql": OWN, "2_t.up.sql": PLAIN}, None),
    "other files": ({"README.md": "", "t.sql": PLAIN}, None),
    "atlas.sum beside files with BEGIN": ({"001_t.sql": OWN, "atlas.sum": "h1:x\n"}, "atlas"),
}


def folder(tmp_path: Path, files: dict[str, str], layout: str = "") -> Folder:
    path = tmp_path / "migrations"
    path.mkdir()
    for name, text in files.items():
        (path / name).write_text(text)
    return FolderReader(path, tmp_path, layout).read()


def test_a_folder_of_supabase_is_its_own_also_with_transactions(tmp_path: Path) -> None:
    (tmp_path / "supabase").mkdir()
    path = tmp_path / "supabase"
    (path / "config.toml").touch()
    found = folder(path, {"20240101000000_t.sql": OWN})
    assert found.layout is not None
    assert found.layout.name == "supabase"


@pytest.mark.parametrize("case", CASES)
def test_the_files_decide(case: str, tmp_path: Path) -> None:
    files, tool = CASES[case]
    found = folder(tmp_path, files)
    assert (found.layout and found.layout.name) == tool
    assert (found.why_read_only is None) is (tool is None)


def test_koonj_toml_decides_against_the_files(tmp_path: Path) -> None:
    assert folder(tmp_path, {"001_t.sql": DBMATE}, "koonj").layout is None
    with pytest.raises(FolderError, match=r'layout = "dbmat" is not known. Use one of: koonj, .*dbmate, '):
        FolderReader(tmp_path / "migrations", tmp_path, "dbmat").read()
    other = FolderReader(tmp_path / "migrations", tmp_path, "diesel").read()
    assert other.why_read_only == (
        'This folder belongs to diesel (layout = "diesel" in koonj.toml). koonj only reads it, because koonj has not been tried beside it yet.'
    )


def test_a_project_of_rust_has_pairs_of_sqlx(tmp_path: Path) -> None:
    (tmp_path / "Cargo.toml").touch()
    found = folder(tmp_path, {"1_t.up.sql": PLAIN, "1_t.down.sql": PLAIN}).layout
    assert found is not None
    assert found.name == "sqlx"
    (tmp_path / "go.mod").touch()
    found = FolderReader(tmp_path / "migrations", tmp_path).read().layout
    assert found is not None
    assert found.name == "golang-migrate"


def test_the_folder_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "migrations"
    path.mkdir()
    reader = FolderReader(path, tmp_path)
    assert reader.read().layout is None
    (path / "1_t.sql").write_text(DBMATE)
    first = reader.read()
    assert [one.name for one in first.migrations] == ["1_t.sql"]
    assert reader.read() is first
    (path / "2_u.sql").write_text(DBMATE)
    second = reader.read()
    assert [one.version for one in migrations_of(second)] == ["1", "2"]
    assert second.layout is not None
    (path / "1_t.sql").unlink()
    (path / "2_u.sql").unlink()
    (path / "001_t.sql").write_text(OWN)
    own = reader.read()
    assert (own.layout, [one.name for one in own.migrations]) == (None, ["001_t.sql"])


def test_two_tools_are_not_chosen_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Other(Dbmate):
        name = "other"

    monkeypatch.setattr(recognition, "layouts", lambda: (Dbmate(), Other()))
    said = (
        "migrations: the migrations could belong to dbmate (migrations/*.sql with '-- migrate:up') or other "
        "(migrations/*.sql with '-- migrate:up'). To say which, write into koonj.toml: layout = \"dbmate\""
    )
    with pytest.raises(FolderError, match=re.escape(said)):
        folder(tmp_path, {"1_t.sql": DBMATE})


def test_every_layout_has_its_own_name() -> None:
    names = [layout.name for layout in layouts()]
    assert len(set(names)) == len(names)
    assert "koonj" not in names


def test_words_of_markers_are_in_the_texts_that_have_them() -> None:
    assert may_have_marker(DBMATE.upper().encode())
    assert not may_have_marker(OWN.encode())


def test_a_problem_has_the_path_of_its_file_and_a_hint_for_its_tool(tmp_path: Path) -> None:
    found = folder(
        tmp_path,
        {
            "1_a.up.sql": "CREATE TABLE a (id int);\n",
            "1_a.down.sql": "DROP TABLE a;\nSELECT 1;\nVACUUM;\n",
            "2_b.up.sql": "SELECT 1;\nCREATE INDEX ON c (id);\n",
            "2_b.down.sql": "SELECT 1;\nCREATE INDEX ON b (id);\n",
        },
    )
    problems = check_folder(found, Levels())
    assert [(one.path, one.problem.code, one.problem.line) for one in problems] == [
        ("migrations/1_a.down.sql", "refused-in-transaction", 3),
        ("migrations/2_b.up.sql", "index-not-concurrent", 2),
        ("migrations/2_b.down.sql", "index-not-concurrent", 2),
    ]
    for one in problems:
        assert "BEGIN" not in one.problem.hint
        assert "file of its own that the tool runs outside a transaction" in one.problem.hint


def test_a_problem_of_koonjs_own_file_has_a_hint_for_it(tmp_path: Path) -> None:
    found = folder(tmp_path, {"001_a.sql": "BEGIN;\nSELECT 1;\nCREATE INDEX ON a (id);\nCOMMIT;\n"})
    (problem,) = [p for p in check_folder(found, Levels()) if p.problem.code == "index-not-concurrent"]
    assert "without BEGIN and COMMIT around it" in problem.problem.hint
