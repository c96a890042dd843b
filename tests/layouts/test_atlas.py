"""Atlas: its files, the hashes of atlas.sum, and the states from its revisions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest

from koonj.config import Target
from koonj.migrations.folder import Folder, FolderReader
from koonj.migrations.layouts.atlas import LAYOUT
from koonj.migrations.layouts.atlas_states import running_hashes
from koonj.migrations.layouts.tool_history import ToolHistory
from koonj.postgres.connector import Connector
from koonj.runner.target.status import read_status
from support.tool_truth import migrations_of

A, B, C = "create table a (id int);\n", "create table b (id int);\n", "create table c (id int);\n"
AB = {"1_a.sql": A, "2_b.sql": B}
HASHES = {
    "1_a.sql": "yR5YhhlConz9KMyPn5i4/nsXn/pa3MhpA/OStARXGI0=",
    "2_b.sql": "TbtXQs76tfnIDIj3Su8yriMvcPp364oproXxQrtPrtk=",
}
"""openssl dgst -sha256 of 1_a.sql and its text; and of both names and texts."""
CHECKPOINT = "-- atlas:checkpoint\n\n" + A + B


def hashes(files: Mapping[str, str]) -> dict[str, str]:
    return running_hashes((name, text.encode()) for name, text in sorted(files.items()))


def read(root: Path, files: Mapping[str, str], sums: Mapping[str, str] | None = None) -> Folder:
    lines = [f"{name} h1:{one}" for name, one in (hashes(files) if sums is None else sums).items()]
    for name, text in {**files, "atlas.sum": "\n".join(["h1:x", *lines, ""])}.items():
        (root / name).write_text(text)
    return FolderReader(root, root).read()


def states(folder: Folder, *rows: tuple[object, ...]) -> dict[str, str]:
    found = LAYOUT.states(migrations_of(folder), ToolHistory({"history": rows}))
    return {one.name: one.state.value for one in found}


def row(
    version: str, digest: str = "", applied: int = 1, total: int = 1, error: str | None = None
) -> tuple[object, ...]:
    return (version, "x", applied, total, digest, error)


def test_only_atlas_sum_says_that_it_is_atlas(tmp_path: Path) -> None:
    found = read(tmp_path, AB)
    assert found.layout is not None
    assert (found.layout.name, found.layout.evidence.endswith("/atlas.sum")) == ("atlas", True)
    (tmp_path / "atlas.sum").unlink()
    (tmp_path / "atlas.hcl").touch()
    assert FolderReader(tmp_path, tmp_path).read().layout is None


def test_names_are_sorted_as_text(tmp_path: Path) -> None:
    files = dict.fromkeys(["10_b.sql", "1_a.sql", "2.sql", "2_c.sql", "x_y_z.sql"], A)
    folder = read(tmp_path, files)
    assert [(one.name, one.version, one.number, one.title) for one in migrations_of(folder)] == [
        ("10_b.sql", "10", 10, "b"),
        ("1_a.sql", "1", 1, "a"),
        ("2.sql", "2", 2, "2.sql"),
        ("x_y_z.sql", "x", 0, "y z"),
    ]
    assert [name for name, _ in folder.problems] == ["2_c.sql"]


def test_rollbacks_of_golang_migrate_are_passed_over(tmp_path: Path) -> None:
    up, down = {"1_a.up.sql": A}, {"1_a.down.sql": B}
    folder = read(tmp_path, {**up, **down}, hashes(up))
    assert [(one.name, one.title) for one in folder.migrations] == [("1_a.up.sql", "a")]
    assert [name for name, _ in folder.problems] == ["1_a.down.sql"]


def test_hashes_cover_the_files_before(tmp_path: Path) -> None:
    assert hashes(AB) == HASHES
    ignored = {"0_x.sql": "-- atlas:sum ignore\n" + A, **AB}
    assert list(hashes(ignored)) == ["1_a.sql", "2_b.sql"]
    assert hashes(ignored)["1_a.sql"] == hashes({"0_x.sql": "", **AB})["1_a.sql"]
    assert read(tmp_path, AB).problems == ()
    ((name, problem),) = read(tmp_path, {**AB, "2_b.sql": C}, HASHES).problems
    assert (name, problem.message) == (
        "atlas.sum",
        "It does not match the folder, from 2_b.sql on, so atlas runs nothing.",
    )


@pytest.mark.parametrize(
    ("text", "explanation"),
    [
        (A, "atlas runs it in one transaction"),
        ("-- atlas:txmode none\n\n" + A, "1 statement outside a transaction"),
        ("-- a comment\n-- atlas:txmode none\n\n" + A, "1 statement outside a transaction"),
        ("-- atlas:txmode none\n" + A, "atlas runs it in one transaction"),
        ("-- atlas:txmode file\n\n" + A, "atlas runs it in one transaction"),
        (A + "-- atlas:txmode none\n\n" + B, "atlas runs it in one transaction"),
    ],
)
def test_directives_count_only_before_an_empty_line(text: str, explanation: str, tmp_path: Path) -> None:
    (one,) = read(tmp_path, {"1_a.sql": text}).migrations
    assert (one.shape.explanation, one.problems) == (explanation, ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-- atlas:delimiter \\n\\n\n" + A, "a delimiter of its own"),
        ("-- atlas:txtar\n\n-- migration.sql --\n" + A, "has several parts"),
        (CHECKPOINT, "is a checkpoint"),
        ("-- +goose Up\n" + A, "a migration file of goose"),
        ("{{ template 'x' }}\n", "is a template"),
    ],
)
def test_what_koonj_cannot_run_is_shown(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "atlas.hcl").write_text('data "template_dir" "x" {\n}\n')
    (one,) = read(tmp_path, {"1_a.sql": text}).migrations
    assert [problem.severity.value for problem in one.problems] == ["error"]
    assert re.search(message, one.problems[0].message)


def test_states_of_rows(tmp_path: Path) -> None:
    folder = read(tmp_path, {**AB, "3_c.sql": C})
    one, two = row("1", HASHES["1_a.sql"]), row("2", HASHES["2_b.sql"])
    pending = {"1_a.sql": "applied", "2_b.sql": "applied", "3_c.sql": "pending"}
    assert states(folder, one, two) == pending
    assert states(folder, row("2")) == pending  # a baseline; what is before it has no row
    assert states(folder, one, row("3", hashes({"1_a.sql": A, "3_c.sql": C})["3_c.sql"])) == {
        "1_a.sql": "applied",
        "2_b.sql": "late",
        "3_c.sql": "applied",
    }
    assert states(folder, one, row("2", HASHES["2_b.sql"], 0, 1, "boom"))["2_b.sql"] == "failed"
    assert states(folder, one, row("2", HASHES["2_b.sql"], 1, 2))["2_b.sql"] == "failed"
    assert states(folder, one, two, row("4"))["4_x.sql"] == "missing"


def test_an_edit_is_seen_at_the_first_file_that_differs(tmp_path: Path) -> None:
    rows = (row("1", HASHES["1_a.sql"]), row("2", HASHES["2_b.sql"]))
    (tmp_path / "a").mkdir()
    assert states(read(tmp_path / "a", {**AB, "2_b.sql": C}), *rows) == {
        "1_a.sql": "applied",
        "2_b.sql": "edited",
    }
    folder = read(tmp_path, {**AB, "1_a.sql": C})
    found = LAYOUT.states(migrations_of(folder), ToolHistory({"history": rows}))
    assert [(one.state.value, "the recorded hash covers" in one.note) for one in found] == [
        ("edited", False),
        ("applied", True),
    ]
    (tmp_path / "late").mkdir()
    late = read(tmp_path / "late", {**AB, "1b_late.sql": C})
    assert states(late, *rows) == {"1_a.sql": "applied", "1b_late.sql": "late", "2_b.sql": "applied"}
    (tmp_path / "gone").mkdir()
    gone = read(tmp_path / "gone", {"2_b.sql": B})
    assert states(gone, *rows) == {"1_x.sql": "missing", "2_b.sql": "applied"}


def test_a_checkpoint_stands_for_the_files_before_it_in_an_empty_database(tmp_path: Path) -> None:
    folder = read(tmp_path, {**AB, "3_sum.sql": CHECKPOINT, "4_c.sql": C})
    found = LAYOUT.states(migrations_of(folder), ToolHistory())
    assert [(one.state.value, one.note) for one in found] == [
        ("pending", "atlas runs the checkpoint 3 instead"),
        ("pending", "atlas runs the checkpoint 3 instead"),
        ("pending", "a checkpoint: atlas runs it only in an empty database"),
        ("pending", ""),
    ]
    from_it = states(folder, row("3"), row("4"))
    assert set(from_it.values()) == {"applied"}
    without = states(folder, row("1"), row("2"), row("4"))
    assert without == {"1_a.sql": "applied", "2_b.sql": "applied", "3_sum.sql": "late", "4_c.sql": "applied"}


async def test_the_table_is_read(tmp_path: Path, database: str, connector: Connector) -> None:
    folder = read(tmp_path, AB)
    with psycopg.connect(database) as conn:
        conn.execute(
            "CREATE SCHEMA atlas_schema_revisions; CREATE TABLE atlas_schema_revisions.atlas_schema_revisions ("
            "version varchar PRIMARY KEY, description varchar NOT NULL, type bigint NOT NULL DEFAULT 2, "
            "applied bigint NOT NULL DEFAULT 0, total bigint NOT NULL DEFAULT 0, executed_at timestamptz NOT NULL, "
            "execution_time bigint NOT NULL, error text, error_stmt text, hash varchar NOT NULL, "
            "partial_hashes jsonb, operator_version varchar NOT NULL)"
        )
        for version, error in ((".atlas_cloud_identifier", None), ("1", None), ("2", "boom\nmore")):
            conn.execute(
                "INSERT INTO atlas_schema_revisions.atlas_schema_revisions "
                "VALUES (%s, 'x', 2, 1, 1, now(), 1, %s, NULL, %s, NULL, 'Atlas')",
                (version, error, HASHES["1_a.sql"]),
            )
    status = await read_status(connector, Target("local", database), folder)
    assert status.tool_history == "atlas_schema_revisions.atlas_schema_revisions"
    assert [(one.name, one.state.value, one.note) for one in status.migrations] == [
        ("1_a.sql", "applied", ""),
        ("2_b.sql", "failed", "1 of 1 statements ran: boom"),
    ]
