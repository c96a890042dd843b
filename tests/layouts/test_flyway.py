"""Flyway: names, order, placeholders, transactions, and the states that its rows mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from koonj.migrations.folder import Folder, FolderReader
from koonj.migrations.layouts import checksums
from koonj.migrations.layouts.flyway import LAYOUT
from koonj.migrations.layouts.tool_history import ToolHistory, ToolHistoryError
from koonj.migrations.layouts.tool_migration import Runs
from support.tool_truth import migrations_of

PLAIN = "SELECT 1;\n"
PLACE = {"history": "app.flyway_schema_history"}
Row = tuple[str | None, str, str, int | None, bool]
"""Version, description, type, checksum, success."""


def read(root: Path, files: dict[str, str | bytes], layout: str = "") -> Folder:
    for name, text in files.items():
        path = root / "sql" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return FolderReader(root / "sql", root, layout).read()


def states(folder: Folder, rows: Sequence[Row]) -> dict[str, tuple[str, str]]:
    full = [
        (rank, version, description, type_, f"{version or 'R'}__x.sql", checksum, success)
        for rank, (version, description, type_, checksum, success) in enumerate(rows, 1)
    ]
    found = LAYOUT.states(migrations_of(folder), ToolHistory({"history": tuple(full)}, PLACE))
    return {one.name: (one.state.value, one.note) for one in found}


def ran(version: str | None, description: str, text: str = PLAIN, *, success: bool = True) -> Row:
    return version, description, "SQL", checksums.flyway(text), success


@pytest.mark.parametrize(
    ("text", "recorded"),
    [
        ("create table users (id bigint primary key);\n", -2060162605),
        ("create or replace view v_users as select id, 'public' as s from users;\n", 1163129631),
    ],
)
def test_the_checksum_is_the_one_that_flyway_has_stored(text: str, recorded: int) -> None:
    assert checksums.flyway(text) == recorded
    assert checksums.flyway("\ufeff" + text.replace("\n", "\r\n")) == recorded
    assert checksums.flyway(text.replace("\n", "\x85\n")) != recorded


def test_versions_are_sorted_by_their_parts_and_repeatable_ones_come_last(tmp_path: Path) -> None:
    names = [
        "V1.10__c.sql",
        "V1_2__b.SQL",
        "V01__a.sql",
        "V2.sql",
        "sub/V1.3__d.sql",
        "R__b.sql",
        "R__a_a.sql",
    ]
    folder = read(tmp_path, dict.fromkeys(names, PLAIN))
    assert [(one.number, one.name, one.version, one.words) for one in migrations_of(folder)] == [
        (1, "V01__a.sql", "01", "a"),
        (2, "V1_2__b.SQL", "1.2", "b"),
        (3, "V1.3__d.sql", "1.3", "d"),
        (4, "V1.10__c.sql", "1.10", "c"),
        (5, "V2.sql", "2", ""),
        (6, "R__a_a.sql", "R__a a", "a a"),
        (7, "R__b.sql", "R__b", "b"),
    ]


def test_versions_of_one_part_are_the_numbers(tmp_path: Path) -> None:
    folder = read(tmp_path, dict.fromkeys(["V3__a.sql", "V20240101__b.sql", "R__c.sql"], PLAIN))
    assert [one.number for one in folder.migrations] == [3, 20240101, 20240102]


def test_what_flyway_refuses_or_runs_by_itself_is_listed(tmp_path: Path) -> None:
    names = [
        "V1__a.sql",
        "V1.0__b.sql",
        "Vx__c.sql",
        "V3_d.sql",
        "beforeMigrate.sql",
        "afterEachMigrate__x.sql",
    ]
    folder = read(
        tmp_path, dict.fromkeys([*names, "B5__e.sql", "U9__f.sql", "v2__g.sql", "Notes.sql"], PLAIN)
    )
    assert [one.name for one in folder.migrations] == ["V1.0__b.sql"]
    assert {
        name: problem.message.partition(",")[0].partition(":")[0] for name, problem in folder.problems
    } == {
        "V1__a.sql": "V1.0__b.sql has the same version or description",
        "Vx__c.sql": "Flyway ignores it",
        "V3_d.sql": "Flyway ignores it",
        "beforeMigrate.sql": "Flyway runs it by itself",
        "afterEachMigrate__x.sql": "Flyway runs it by itself",
        "B5__e.sql": "koonj cannot read it",
        "U9__f.sql": "No file has the version that it takes back.",
    }
    assert folder.other_files == 2


def test_an_undo_file_is_the_rollback(tmp_path: Path) -> None:
    (one,) = migrations_of(read(tmp_path, {"V1__a.sql": PLAIN, "U1.0__a.sql": "SELECT 2;\n"}))
    assert one.down is not None
    assert (one.down.file, one.has_rollback) == ("U1.0__a.sql", True)


def test_placeholders_are_shown_with_their_place_and_not_run(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "V1__a.sql": "-- a\nSELECT '${x}';\n",
        "V2__b.sql": "SELECT '$x', '${';\n",
        "V3__c.sql": "SELECT '${x}';\n",
        "V3__c.sql.conf": "placeholderReplacement=false\n",
    }
    found = [[(p.line, p.column) for p in one.problems] for one in read(tmp_path, files).migrations]
    assert found == [[(2, 9)], [], []]
    (tmp_path / "flyway.conf").write_text("# a comment\nflyway.placeholderReplacement = false\n")
    assert not any(one.problems for one in read(tmp_path / ".", {}).migrations)


def test_a_statement_that_needs_to_be_alone_opens_no_transaction(tmp_path: Path) -> None:
    index = "create index concurrently i on t (id);\n"
    files: dict[str, str | bytes] = {
        "V1__a.sql": index,
        "V2__b.sql": "-- two\n" + index + "VACUUM t;\n",
        "V3__c.sql": index + PLAIN,
        "V4__d.sql": "SELECT 'create index concurrently';\n",
        "V5__e.sql": PLAIN,
        "V5__e.sql.conf": "executeInTransaction=false\n",
        "V6__f.sql": "REINDEX INDEX CONCURRENTLY i;\n",
    }
    folder = read(tmp_path, files)
    found = [(one.up.runs, [p.code for p in one.problems]) for one in migrations_of(folder)]
    assert found == [
        (Runs.STATEMENTS, []),
        (Runs.STATEMENTS, []),
        (Runs.STATEMENTS, ["tool-file"]),
        (Runs.TRANSACTION, []),
        (Runs.STATEMENTS, []),
        (Runs.TRANSACTION, ["refused-in-transaction"]),
    ]
    (tmp_path / "flyway.toml").write_text("[flyway]\nmixed = true\n")
    assert not read(tmp_path, {}).migrations[2].problems


def test_settings_change_names_and_the_table(tmp_path: Path) -> None:
    (tmp_path / "flyway.toml").write_text(
        '[environments.default]\nschemas = ["app", "b"]\n'
        '[flyway]\ntable = "log"\nsqlMigrationPrefix = "M"\nsqlMigrationSuffixes = [".psql"]\n'
    )
    folder = read(tmp_path, dict.fromkeys(["M1__a.psql", "V2__b.psql", "M3__c.sql"], PLAIN))
    assert [one.name for one in folder.migrations] == ["M1__a.psql"]
    assert folder.layout is not None
    assert [(table.name, table.schema) for table in folder.layout.tables] == [("log", "app")]
    assert folder.layout.evidence == "flyway.toml"


@pytest.mark.parametrize("neighbour", ["Cargo.toml", "migrations.yml", "refinery.toml"])
def test_other_tools_with_the_same_names_are_not_taken_for_flyway(neighbour: str, tmp_path: Path) -> None:
    (tmp_path / neighbour).touch()
    folder = read(tmp_path, {"V1__a.sql": PLAIN})
    assert folder.layout is None or folder.layout.name != "flyway"
    (tmp_path / "flyway.conf").touch()
    if neighbour != "refinery.toml":
        found = FolderReader(tmp_path / "sql", tmp_path).read().layout
        assert found is not None
        assert found.name == "flyway"


@pytest.mark.parametrize(
    "name", ["R__a.sql", "V1_a.sql", "v1__a.sql", "V1__a.txt", "V1.sql", "U1__a.sql", "Views.sql"]
)
def test_a_name_that_flyway_does_not_run_is_no_sign_of_it(name: str, tmp_path: Path) -> None:
    assert read(tmp_path, {name: PLAIN}).layout is None


def test_the_last_row_of_a_version_decides(tmp_path: Path) -> None:
    names = ["V1__a.sql", "V2__b.sql", "V3__c.sql", "V4__d.sql", "V5__e.sql"]
    folder = read(tmp_path, dict.fromkeys(names, PLAIN))
    rows = [
        ran("1.0", "a"),
        ran("2", "b", "other"),
        ran("3", "c"),
        ("3", "c", "UNDO_SQL", None, True),
        ran("4", "renamed"),
        ran("6", "gone"),
        ("7", "java", "JDBC", None, True),
        ran("8", "deleted", success=False),
        ("8", "deleted", "DELETE", None, True),
    ]
    found = states(folder, rows)
    assert {name: state for name, (state, _) in found.items()} == {
        "V1__a.sql": "applied",
        "V2__b.sql": "edited",
        "V3__c.sql": "late",
        "V4__d.sql": "edited",
        "V5__e.sql": "late",
        "6__x.sql": "missing",
        "7__x.sql": "missing",
    }
    assert "Flyway has recorded 'renamed'" in found["V4__d.sql"][1]
    assert "it was undone" in found["V3__c.sql"][1]
    assert "JDBC" in found["7__x.sql"][1]


def test_versions_up_to_the_baseline_never_run(tmp_path: Path) -> None:
    folder = read(tmp_path, dict.fromkeys(["V1__a.sql", "V1.5__b.sql", "V3__c.sql"], PLAIN))
    found = states(folder, [("2", "<< Flyway Baseline >>", "BASELINE", None, True)])
    assert {name: state for name, (state, _) in found.items()} == {
        "V1__a.sql": "applied",
        "V1.5__b.sql": "applied",
        "V3__c.sql": "pending",
    }


def test_a_row_without_checksum_says_that_edits_are_unknown(tmp_path: Path) -> None:
    folder = read(tmp_path, {"V1__a.sql": PLAIN, "V2__b.sql": b"SELECT '\xff';\n"})
    found = states(folder, [("1", "a", "SQL", None, True), ran("2", "b")])
    assert [(state, note.partition(":")[0]) for state, note in found.values()] == [
        ("applied", "edited or not is unknown"),
        ("applied", "edited or not is unknown"),
    ]


def test_a_repeatable_migration_runs_again_when_it_has_changed(tmp_path: Path) -> None:
    own, other = "SELECT '${flyway:defaultSchema} ${flyway:table}';\n", "SELECT '${flyway:table} ${x}';\n"
    folder = read(tmp_path, {"V1__a.sql": PLAIN, "R__a.sql": PLAIN, "R__b.sql": own, "R__c.sql": other})
    value = own.replace("${flyway:defaultSchema} ${flyway:table}", "app flyway_schema_history")
    rows = [ran(None, "a", "old"), ran(None, "b", value), ran(None, "c", "old"), ran(None, "z")]
    found = states(folder, rows)
    assert {name: state for name, (state, _) in found.items()} == {
        "V1__a.sql": "pending",
        "R__a.sql": "pending",
        "R__b.sql": "applied",
        "R__c.sql": "applied",
        "R__x.sql": "missing",
    }
    assert "Flyway runs it again" in found["R__a.sql"][1]
    assert "unknown" in found["R__c.sql"][1]
    assert states(folder, [*rows, ran(None, "b", "new")])["R__b.sql"][0] == "pending"
    assert states(folder, [*rows, ran(None, "a")])["R__a.sql"] == ("applied", "")


def test_a_version_that_flyway_cannot_write_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolHistoryError, match="has the version '1-a', which Flyway cannot write"):
        states(read(tmp_path, {"V1__a.sql": PLAIN}), [ran("1-a", "a")])


def test_a_file_that_ran_as_code_before_is_edited(tmp_path: Path) -> None:
    folder = read(tmp_path, {"V1__a.sql": PLAIN})
    found = states(folder, [("1", "a", "JDBC", None, True)])
    assert found == {"V1__a.sql": ("edited", "Flyway has run it as JDBC, not as SQL")}


def test_a_setting_from_the_environment_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "flyway.conf").write_text(
        "flyway.table=${env.TABLE}\nflyway.defaultSchema: app\n#flyway.table=x\n"
    )
    layout = read(tmp_path, {"V1__a.sql": PLAIN}).layout
    assert layout is not None
    assert [(table.schema, table.name) for table in layout.tables] == [("app", "flyway_schema_history")]
