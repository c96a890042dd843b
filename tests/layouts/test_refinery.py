"""refinery: by what it is recognised, versions, files in Rust, checksums."""

from __future__ import annotations

from pathlib import Path

import pytest

from koonj.migrations.folder import Folder, FolderReader
from koonj.migrations.layouts import checksums
from koonj.migrations.layouts.refinery import LAYOUT
from koonj.migrations.layouts.tool_history import ToolHistory
from support.tool_truth import migrations_of

PLAIN = "SELECT 1;\n"
VECTORS = [
    ("initial", 1, "create table users (id bigint primary key);\n", "2591537553402478948", False),
    ("initial", 1, "create table users (id bigint primary key);\n", "259369696427780969", True),
    ("héllo_x", 20, "select 1;", "16963548871054635441", False),
    ("héllo_x", 20, "select 1;", "4763863664449737133", True),
]


def read(root: Path, files: dict[str, str], layout: str = "") -> Folder:
    for name, text in files.items():
        path = root / "migrations" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return FolderReader(root / "migrations", root, layout).read()


@pytest.mark.parametrize(("name", "version", "text", "recorded", "wide"), VECTORS)
def test_the_checksum_is_that_of_rust(name: str, version: int, text: str, recorded: str, wide: bool) -> None:
    assert checksums.refinery(name, version, text, wide=wide) == recorded


@pytest.mark.parametrize(
    ("around", "names", "found"),
    [
        ({"refinery.toml": ""}, ["V1__a.sql"], "refinery"),
        ({"Cargo.toml": "[dependencies]\nrefinery = '0.8'\n"}, ["U1__a.sql"], "refinery"),
        ({"Cargo.toml": "[dependencies]\nrefinery-core = '0.8'\n"}, ["V1__a.sql"], "refinery"),
        ({"Cargo.toml": ""}, ["V1__a.rs"], "koonj"),
        ({"Cargo.toml": "", "flyway.conf": ""}, ["V1__a.sql"], "flyway"),
        ({}, ["V1__a.sql"], "flyway"),
        ({"refinery.toml": ""}, ["V1_a.sql", "001_b.sql"], "koonj"),
    ],
)
def test_the_project_around_it_decides(
    around: dict[str, str], names: list[str], found: str, tmp_path: Path
) -> None:
    for name, text in around.items():
        (tmp_path / name).write_text(text)
    folder = read(tmp_path, dict.fromkeys(names, PLAIN))
    assert (folder.layout.name if folder.layout else "koonj") == found


def test_versions_are_numbers_and_what_refinery_refuses_is_listed(tmp_path: Path) -> None:
    names = ["V10__c.sql", "V2__b.sql", "a/U3__d.sql", "V1.5__e.sql", "U2__f.sql", "V4__g-h.sql", "V5__i.rs"]
    folder = read(tmp_path, dict.fromkeys([*names, "mod.rs"], PLAIN), "refinery")
    assert [(one.name, one.version, len(one.refused)) for one in migrations_of(folder)] == [
        ("U2__f.sql", "2", 0),
        ("U3__d.sql", "3", 0),
        ("V5__i.rs", "5", 1),
        ("V10__c.sql", "10", 0),
    ]
    assert {name: problem.message for name, problem in folder.problems} == {
        "V1.5__e.sql": "refinery cannot read the version: it must be one number.",
        "V2__b.sql": "U2__f.sql has the same version, so refinery refuses the folder.",
    }
    assert folder.other_files == 2


def test_a_file_in_rust_has_a_state_and_no_text(tmp_path: Path) -> None:
    folder = read(tmp_path, {"V1__a.rs": "fn migration()", "V20240504090343__b.sql": PLAIN}, "refinery")
    checksum = checksums.refinery("b", 20240504090343, PLAIN, wide=True)
    rows = ((1, "a", "1"), (20240504090343, "b", checksum))
    found = LAYOUT.states(migrations_of(folder), ToolHistory({"history": rows}))
    assert [(one.state.value, one.note.partition(":")[0]) for one in found] == [
        ("applied", "edited or not is unknown"),
        ("applied", ""),
    ]
    assert not folder.migrations[0].has_statements
    assert [problem.code for problem in folder.migrations[0].problems] == ["tool-file"]


def test_an_edit_is_seen_with_versions_of_64_bits(tmp_path: Path) -> None:
    folder = read(tmp_path, {"V20240504090343__b.sql": PLAIN}, "refinery")
    rows = ((20240504090343, "b", "1"),)
    (one,) = LAYOUT.states(migrations_of(folder), ToolHistory({"history": rows}))
    assert one.state.value == "edited"
