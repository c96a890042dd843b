"""Supabase CLI: which folders are its own, and what it would run of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import psycopg
import pytest

from koonj.config import Target
from koonj.migrations.folder import Folder, FolderReader
from koonj.postgres.connector import Connector
from koonj.runner.target.status import read_status
from support.tool_truth import ToolTruth

TABLE = "create table t (id int);\n"
INDEX = "create index concurrently i on t (id);\n"


def read(root: Path, names: Iterable[str], text: str = TABLE, place: str = "supabase/migrations") -> Folder:
    folder = root / place
    folder.mkdir(parents=True, exist_ok=True)
    (folder.parent / "config.toml").touch()
    for name in names:
        (folder / name).write_text(text)
    return FolderReader(folder, root).read()


def test_the_place_of_the_folder_decides(tmp_path: Path) -> None:
    own = ["20240101000001_users.sql"]
    for place in ("other/migrations", "supabase/more"):
        assert read(tmp_path, own, place=place).layout is None
    found = read(tmp_path, own)
    assert found.layout is not None
    assert (found.layout.name, found.layout.evidence) == ("supabase", "supabase/config.toml")
    (tmp_path / "supabase/config.toml").unlink()
    assert FolderReader(tmp_path / "supabase/migrations", tmp_path).read().layout is None


def test_names_are_sorted_as_text_and_others_are_listed(tmp_path: Path) -> None:
    names = [
        "1_a.sql",
        "10_b.sql",
        "2_c.sql",
        "2_d.sql",
        "3_.sql",
        "notes.sql",
        "4-e.sql",
        "5_f.SQL",
        "README.md",
    ]
    folder = read(tmp_path, names)
    assert [(one.name, one.number, one.title) for one in folder.migrations] == [
        ("10_b.sql", 10, "b"),
        ("1_a.sql", 1, "a"),
        ("2_c.sql", 2, "c"),
        ("3_.sql", 3, "3_.sql"),
    ]
    other = "The name is not NNN_name.sql, so supabase passes over the file."
    assert [(name, problem.message) for name, problem in folder.problems] == [
        ("2_d.sql", "2_c.sql has the same version, so supabase cannot record both."),
        ("4-e.sql", other),
        ("5_f.SQL", other),
        ("notes.sql", other),
    ]
    assert folder.other_files == 1


def test_an_old_init_is_passed_over_if_it_is_the_first_file(tmp_path: Path) -> None:
    old, later = "20200101000000_init.sql", "20240101000001_users.sql"
    folder = read(tmp_path, [old, later])
    assert [one.name for one in folder.migrations] == [later]
    assert [name for name, _ in folder.problems] == [old]
    for name in (".gitkeep", "20190101000000_first.sql"):
        (tmp_path / name[:2]).mkdir()
        assert [one.name for one in read(tmp_path / name[:2], [name, old]).migrations][-1:] == [old]
    (tmp_path / "new").mkdir()
    assert len(read(tmp_path / "new", ["20211209000000_init.sql"]).migrations) == 1


@pytest.mark.parametrize(
    ("text", "explanation"),
    [
        (TABLE + TABLE, "supabase runs it in one transaction"),
        (INDEX, "1 statement outside a transaction"),
        (TABLE + INDEX + TABLE, "3 statements outside a transaction, committed separately"),
        (f"begin;\n{TABLE}commit;\n", "one transaction"),
        (
            f"begin;\n{TABLE}commit;\n{TABLE}",
            "1 transaction and 1 statement outside a transaction, committed separately",
        ),
    ],
)
def test_a_statement_that_a_transaction_refuses_is_sent_alone(
    text: str, explanation: str, tmp_path: Path
) -> None:
    folder = tmp_path / "supabase/migrations"
    folder.mkdir(parents=True)
    (folder / "1_a.sql").write_text(text)
    (one,) = FolderReader(folder, tmp_path, "supabase").read().migrations
    assert (one.shape.explanation, one.problems) == (explanation, ())


def test_the_recorded_states_are_those_that_supabase_printed() -> None:
    moments = [one for one in ToolTruth.of("supabase").recorded["moments"] if "says" in one]
    assert len(moments) > 4
    for moment in moments:
        printed = dict(re.findall(r"^`(.*?)` \| `(.*?)`$", moment["says"], re.MULTILINE))
        applied = [name[:14] for name, state in moment["states"].items() if state not in {"pending", "late"}]
        assert [remote for remote in printed.values() if remote != " "] == applied, moment["when"]
        files = [name[:14] for name, state in moment["states"].items() if state != "missing"]
        assert [local for local in printed if local != " "] == files, moment["when"]


async def test_the_table_of_an_old_cli_has_only_versions(
    tmp_path: Path, database: str, connector: Connector
) -> None:
    folder = read(tmp_path, ["1_a.sql", "2_b.sql"])
    with psycopg.connect(database) as conn:
        conn.execute(
            "CREATE SCHEMA supabase_migrations; CREATE TABLE schema_migrations (version text, dirty bool);"
            "CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY);"
            "INSERT INTO supabase_migrations.schema_migrations VALUES ('1'), ('3')"
        )
    status = await read_status(connector, Target("local", database), folder)
    assert status.tool_history == "supabase_migrations.schema_migrations"
    found = [(one.name, one.state.value) for one in status.migrations]
    assert found == [("1_a.sql", "applied"), ("2_b.sql", "late"), ("3", "missing")]
