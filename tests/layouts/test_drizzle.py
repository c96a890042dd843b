"""Drizzle: which folders are its own, what it would run of them, and the states since 1.0."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest

from koonj.config import Target
from koonj.migrations.folder import Folder, FolderReader
from koonj.migrations.layouts.drizzle import LAYOUT
from koonj.migrations.layouts.tool_history import ToolHistory, ToolHistoryError
from koonj.postgres.connector import Connector
from koonj.runner.target.status import read_status
from support.tool_truth import migrations_of

TABLE = "CREATE TABLE t (id int);\n"
HASH = sha256(TABLE.encode()).hexdigest()
BREAK = "--> statement-breakpoint\n"
USERS, POSTS = "20240101000001_users", "20240101000002_posts"
USERS_AT = 1704067201000
"""The time of `USERS`, in milliseconds, as drizzle-orm 1.0.0-rc.5 recorded it."""


def journal(*tags: str, **more: object) -> str:
    entries = [{"idx": n, "when": n + 1, "tag": tag, "breakpoints": True} for n, tag in enumerate(tags)]
    return json.dumps({"version": "7", "dialect": "postgresql", "entries": entries, **more})


def read(root: Path, files: dict[str, str]) -> Folder:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode())
    return FolderReader(root / "drizzle", root).read()


SCRIPT = {f"drizzle/{USERS}/migration.sql": TABLE}
CASES = {
    "a journal": ({"drizzle/meta/_journal.json": journal()}, "drizzle"),
    "folders with a snapshot": ({**SCRIPT, f"drizzle/{USERS}/snapshot.json": "{}"}, "drizzle"),
    "folders below a configuration": ({**SCRIPT, "drizzle.config.ts": ""}, "drizzle"),
    "folders alone": (SCRIPT, None),
    "folders of Prisma": ({**SCRIPT, "drizzle/migration_lock.toml": "", "drizzle.config.ts": ""}, "prisma"),
    "a snapshot below a schema of Prisma": (
        {**SCRIPT, f"drizzle/{USERS}/snapshot.json": "{}", "schema.prisma": ""},
        "drizzle",
    ),
    "koonj's files beside a configuration": ({"drizzle/001_t.sql": TABLE, "drizzle.config.ts": ""}, None),
}


@pytest.mark.parametrize("case", CASES)
def test_the_files_decide(case: str, tmp_path: Path) -> None:
    files, tool = CASES[case]
    found = read(tmp_path, files)
    assert (found.layout and found.layout.name) == tool


def test_the_journal_says_order_and_files(tmp_path: Path) -> None:
    files = {f"drizzle/{name}.sql": TABLE for name in ("0000_a", "0001_b_c", "0002_old", "x")}
    folder = read(
        tmp_path, {**files, "drizzle/meta/_journal.json": journal("0001_b_c", "0000_a", "0003_gone", "x")}
    )
    assert [(one.name, one.version, one.number, one.title) for one in migrations_of(folder)] == [
        ("0001_b_c", "1", 1, "b c"),
        ("0000_a", "2", 0, "a"),
        ("x", "4", 0, "x"),
    ]
    assert [(name, problem.message) for name, problem in folder.problems] == [
        ("0003_gone.sql", "The journal names the file, and it is missing."),
        ("0002_old.sql", "meta/_journal.json does not name the file, so drizzle never runs it."),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "The journal is not JSON: Expecting property name"),
        ("[]", 'The journal has no list "entries".'),
        ('{"entries": [{"tag": "a"}]}', 'An entry of the journal has no "tag" or no "when": {"tag": "a"}.'),
        ('{"entries": [{"tag": "a", "when": "1"}]}', 'An entry of the journal has no "tag" or no "when"'),
        ("[" * 100_000, "The journal is not JSON: "),
    ],
)
def test_a_broken_journal_is_a_problem(text: str, message: str, tmp_path: Path) -> None:
    folder = read(tmp_path, {"drizzle/meta/_journal.json": text, "drizzle/0000_a.sql": TABLE})
    assert folder.migrations == ()
    ((name, problem),) = folder.problems
    assert name == "meta/_journal.json"
    assert problem.message.startswith(message)


def test_two_entries_with_the_same_time(tmp_path: Path) -> None:
    both = json.dumps({"entries": [{"tag": "0000_a", "when": 5}, {"tag": "0001_b", "when": 5}]})
    folder = read(
        tmp_path,
        {"drizzle/meta/_journal.json": both, "drizzle/0000_a.sql": TABLE, "drizzle/0001_b.sql": TABLE},
    )
    assert [one.name for one in folder.migrations] == ["0000_a"]
    assert [name for name, _ in folder.problems] == ["0001_b.sql"]


def test_another_dialect_is_shown_and_not_run(tmp_path: Path) -> None:
    text = journal("0000_a", dialect="sqlite")
    (one,) = read(tmp_path, {"drizzle/meta/_journal.json": text, "drizzle/0000_a.sql": TABLE}).migrations
    said = [(problem.severity.value, problem.message) for problem in one.problems]
    assert said == [
        ("error", 'meta/_journal.json says dialect "sqlite": the migration is not for PostgreSQL.')
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (TABLE + BREAK + TABLE, []),
        (TABLE.strip() + BREAK + TABLE, []),
        (TABLE + "-- a comment\n" + BREAK + "-- another\n" + BREAK + TABLE, []),
        ("CREATE TABLE a (i int)\n" + BREAK + "CREATE TABLE b (i int)", [2]),
        (TABLE + BREAK + "\nSELECT 1 -- one;\n" + BREAK + "SELECT 2", [5]),
    ],
)
def test_statements_without_semicolon_are_not_joined(text: str, lines: list[int], tmp_path: Path) -> None:
    files = {"drizzle/meta/_journal.json": journal("0000_a"), "drizzle/0000_a.sql": text}
    (one,) = read(tmp_path, files).migrations
    assert [problem.line for problem in one.problems] == lines


def test_all_in_one_transaction(tmp_path: Path) -> None:
    text = TABLE + BREAK + "CREATE INDEX CONCURRENTLY i ON t (id);\n"
    files = {"drizzle/meta/_journal.json": journal("0000_a"), "drizzle/0000_a.sql": text}
    (one,) = read(tmp_path, files).migrations
    assert one.shape.explanation == "drizzle runs it in one transaction"
    assert [(problem.code, problem.line) for problem in one.problems] == [("refused-in-transaction", 3)]


@pytest.mark.parametrize(
    ("configuration", "name", "schema"),
    [
        ("", "__drizzle_migrations", None),
        ('export default {\n  schema: "./schema.ts",\n  out: "drizzle",\n};\n', "__drizzle_migrations", None),
        (
            "export default {\n  schema: './s.ts',\n  migrations: {\n    table: 'log',\n    schema: 'app',\n  },\n};\n",
            "log",
            "app",
        ),
        ('{\n"migrations": {"table": "log", "prefix": "supabase"}}', "log", None),
        ('export default {\n  // migrations: { table: "log" },\n};\n', "__drizzle_migrations", None),
    ],
)
def test_the_table_can_have_another_name(
    configuration: str, name: str, schema: str | None, tmp_path: Path
) -> None:
    (tmp_path / "drizzle.config.ts").write_text(configuration)
    folder = read(tmp_path, {"drizzle/meta/_journal.json": journal()})
    assert folder.layout is not None
    assert {(table.name, table.schema) for table in folder.layout.tables} == {(name, schema)}


def states(folder: Folder, *rows: tuple[int | None, str, str | None]) -> dict[str, str]:
    history = ToolHistory({"history": rows}, {"history": "drizzle.__drizzle_migrations"})
    return {one.name: one.state.value for one in LAYOUT.states(migrations_of(folder), history)}


def test_a_row_without_time_is_refused(tmp_path: Path) -> None:
    folder = read(tmp_path, {"drizzle/meta/_journal.json": journal("0000_a"), "drizzle/0000_a.sql": TABLE})
    assert states(folder, (1, HASH, None)) == {"0000_a": "applied"}
    assert states(folder, (1, HASH, "20240101000001_of_1.0")) == {"0000_a": "applied"}
    with pytest.raises(ToolHistoryError, match="a row without created_at"):
        states(folder, (None, HASH, None))


async def test_states_since_1_0_are_those_of_the_names(
    tmp_path: Path, database: str, connector: Connector
) -> None:
    files = {f"drizzle/{name}/migration.sql": TABLE + f"-- {name}\n" for name in (USERS, POSTS)}
    folder = read(tmp_path, {**files, "drizzle/123_x/migration.sql": TABLE, "drizzle.config.ts": ""})
    assert [(one.name, one.title) for one in folder.migrations] == [(USERS, "users"), (POSTS, "posts")]
    assert [name for name, _ in folder.problems] == ["123_x/migration.sql"]
    users, posts = (sha256(text.encode()).hexdigest() for text in files.values())
    # Name; without a name: the second, then the hash. A row of no file is missing. Order does not matter.
    assert states(folder, (USERS_AT, users, USERS)) == {USERS: "applied", POSTS: "pending"}
    assert states(folder, (USERS_AT + 999, users, None)) == {USERS: "applied", POSTS: "pending"}
    assert states(folder, (5, users, None)) == {USERS: "applied", POSTS: "pending"}
    assert states(folder, (USERS_AT, "x", USERS)) == {USERS: "edited", POSTS: "pending"}
    assert states(folder, (USERS_AT + 1000, posts, POSTS)) == {USERS: "late", POSTS: "applied"}
    other = "20240101000003_other"
    assert states(folder, (USERS_AT, users, USERS), (USERS_AT + 2000, users, other)) == {
        USERS: "applied",
        POSTS: "late",
        other: "missing",
    }
    with psycopg.connect(database) as conn:
        conn.execute(
            "CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, "
            "hash text NOT NULL, created_at bigint, name text, applied_at timestamptz DEFAULT now());"
        )
        conn.execute(
            "INSERT INTO drizzle.__drizzle_migrations (hash, created_at, name) VALUES (%s, %s, %s)",
            (users, USERS_AT, USERS),
        )
    status = await read_status(connector, Target("local", database), folder)
    assert {one.name: one.state.value for one in status.migrations} == {USERS: "applied", POSTS: "pending"}
