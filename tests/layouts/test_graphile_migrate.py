"""What graphile-migrate would run of a folder: header, hash, chain, placeholders."""

from __future__ import annotations

from pathlib import Path

import pytest

from koonj.migrations.folder import Folder, FolderReader
from koonj.migrations.layouts.graphile_text import graphile_hash
from support.tool_truth import migrations_of

BODY = "create table t (id int);\n"


def committed(body: str = BODY, previous: str = "", more: str = "") -> str:
    return f"--! Previous: {previous or '-'}\n--! Hash: {graphile_hash(body, previous)}\n{more}\n{body.strip()}\n"


def read(tmp_path: Path, files: dict[str, str], folder: str = "migrations", layout: str = "") -> Folder:
    for name, text in files.items():
        path = tmp_path / "migrations" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return FolderReader(tmp_path / folder, tmp_path, layout).read()


RECOGNISED = {
    "with .gmrc": ({"committed/000001.sql": committed(), "../.gmrc": "{}"}, "committed/*.sql with .gmrc"),
    "with .gmrc.js": (
        {"committed/000001.sql": committed(), "../.gmrc.js": ""},
        "committed/*.sql with .gmrc.js",
    ),
    "nothing committed yet": ({"current.sql": BODY, "../.gmrc": "{}"}, "committed/*.sql with .gmrc"),
    "by the header": ({"committed/000001.sql": committed()}, "committed/*.sql with '--! Previous:'"),
    "other files in a folder of this name": ({"committed/000001.sql": BODY}, None),
    ".gmrc far from koonj's files": ({"001_a.sql": BODY, "../.gmrc": "{}"}, None),
    "koonj's own": ({"001_a.sql": BODY}, None),
}


@pytest.mark.parametrize("case", RECOGNISED)
def test_the_files_decide(case: str, tmp_path: Path) -> None:
    files, evidence = RECOGNISED[case]
    layout = read(tmp_path, files).layout
    assert (layout.evidence if layout else None) == (evidence and f"migrations/{evidence}")
    assert layout is None or layout.name == "graphile-migrate"


def test_the_folder_of_committed_files_can_be_named_itself(tmp_path: Path) -> None:
    folder = read(tmp_path, {"committed/000001.sql": committed()}, "migrations/committed")
    assert folder.layout is not None
    assert folder.layout.evidence == "migrations/committed/*.sql with '--! Previous:'"
    assert [one.shown_path for one in folder.migrations] == ["migrations/committed/000001.sql"]


def test_hashes_are_those_that_the_tool_has_recorded() -> None:
    first = "sha1:8dc978100fcc77a57f82579694359e94fefa1439"
    assert graphile_hash("\ncreate table :SCHEMA.users (id bigint primary key);\n", "") == first
    second = "\ufeff--! no-transaction\ncreate index concurrently if not exists users_i on users (id);\n\n"
    assert graphile_hash(second, first) == "sha1:f13bbf88a1556b96d9c87ca34ed0e1fbd3c1a16f"


def test_the_body_begins_below_the_header_and_keeps_its_lines(tmp_path: Path) -> None:
    index = "--! no-transaction\n\n  create index concurrently i on t (id);\n"
    text = committed(index, more="--! Message: an: index\n")
    (one,) = read(tmp_path, {"committed/000001-x_y.sql": text}).migrations
    assert (one.title, one.problems) == ("an: index", ())
    assert one.shape.explanation == "1 statement outside a transaction"
    assert [(s.line, s.column) for s in one.sections.body.statements] == [(7, 3)]
    assert not one.has_rollback


def test_no_transaction_counts_only_in_the_first_line_of_the_body(tmp_path: Path) -> None:
    body = "-- a comment\n--! no-transaction\ncreate index concurrently i on t (id);\n"
    (one,) = read(tmp_path, {"committed/000001.sql": committed(body)}).migrations
    assert [problem.code for problem in one.problems] == ["refused-in-transaction"]


def test_what_breaks_the_chain_is_named(tmp_path: Path) -> None:
    first = graphile_hash(BODY, "")
    files = {
        "000001-a.sql": committed(),
        "000002-b.sql": committed("select 2;\n", first).replace("select 2", "select 3"),
        "000003-c.sql": committed("select 3;\n", first),
        "000004-d.sql": committed(
            previous=graphile_hash("select 3;\n", first), more="--! AllowInvalidHash\n"
        ),
    }
    folder = read(tmp_path, {f"committed/{name}": text for name, text in files.items()})
    assert {one.name: [p.message for p in one.problems] for one in folder.migrations} == {
        "000001-a.sql": [],
        "000002-b.sql": ["The text has another hash than '--! Hash:' says, so graphile-migrate refuses it."],
        "000003-c.sql": [
            "'--! Previous:' has not the hash of the file before it, so graphile-migrate refuses the folder."
        ],
        "000004-d.sql": [
            "It has '--! AllowInvalidHash' with the right hash, so graphile-migrate refuses it."
        ],
    }


def test_an_invalid_hash_can_be_allowed(tmp_path: Path) -> None:
    text = committed(more="--! AllowInvalidHash\n").replace("id int", "id bigint")
    (one,) = read(tmp_path, {"committed/000001.sql": text}).migrations
    assert one.problems == ()


def test_a_file_that_the_tool_refuses_or_ignores_is_listed(tmp_path: Path) -> None:
    files = {
        "000001.sql": committed().replace("\n", "\r\n"),
        "000002.sql": BODY,
        "000003.sql": "--! Previous: -\n\n" + BODY,
        "000004.sql": "--! Hash: x\n--! Hash: y\n\n" + BODY,
        "000005.sql": "--! Previous: -\n--! Hash: x\n" + BODY,
        "000006.sql": committed(),
        "000006-z.sql": committed(),
        "000007_x.sql": committed(),
        "notes.sql": BODY,
    }
    folder = read(
        tmp_path, {f"committed/{name}": text for name, text in files.items()}, layout="graphile-migrate"
    )
    no_header = "The file has no header with an empty line after it, or its lines end with CRLF"
    assert [one.name for one in folder.migrations] == ["000006-z.sql"]
    assert [(name, problem.message.partition(", so")[0]) for name, problem in folder.problems] == [
        ("committed/000001.sql", no_header),
        ("committed/000002.sql", no_header),
        ("committed/000003.sql", "The file has no '--! Hash:'"),
        ("committed/000004.sql", "The file has '--! Hash' twice"),
        ("committed/000005.sql", no_header),
        (
            "committed/000006.sql",
            "000006-z.sql has the same number, and the history records only the number.",
        ),
        (
            "committed/000007_x.sql",
            "graphile-migrate ignores it: its name is not NNNNNN.sql or NNNNNN-name.sql.",
        ),
    ]


PLACEHOLDERS = {
    "create table :SCHEMA.t ();": ":SCHEMA",
    "select ':OWN';": ":OWN",
    "grant all on t to :DATABASE_OWNER;": ":DATABASE_OWNER",
    "select 1::SCHEMA;": ":SCHEMA",
    "select :SCHEMAS;": "",
    "select :OTHER;": "",
    "select 1::int;": "",
}


def test_a_text_with_placeholders_is_shown_and_not_run(tmp_path: Path) -> None:
    configuration = "{\n  // comment\n  placeholders: {':SCHEMA': 'public', \":OWN\": \"!ENV\"},\n}\n"
    files = {"../.gmrc": configuration}
    previous = ""
    for number, body in enumerate(PLACEHOLDERS):
        files[f"committed/{number:06}.sql"] = committed(body, previous)
        previous = graphile_hash(body, previous)
    folder = read(tmp_path, files)
    found = [
        next((p.message for p in one.problems if p.code == "tool-file"), "") for one in migrations_of(folder)
    ]
    assert found == [
        name and f"koonj cannot run it: graphile-migrate replaces {name} by a setting."
        for name in PLACEHOLDERS.values()
    ]
