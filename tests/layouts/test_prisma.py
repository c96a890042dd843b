"""Prisma: which folders are its own, and what it would run of them."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from koonj.migrations.folder import Folder, FolderReader
from koonj.migrations.layouts.prisma import LAYOUT
from koonj.migrations.layouts.tool_history import ToolHistory
from support.tool_truth import migrations_of

TABLE = "create table t (id int);\n"
LOCK = 'provider = "postgresql"\n'
CASES = {
    "a lock file": (
        {"migrations/migration_lock.toml": LOCK, "migrations/0_init/migration.sql": TABLE},
        "prisma",
    ),
    "a lock file alone": ({"migrations/migration_lock.toml": LOCK}, "prisma"),
    "a baseline without lock file": (
        {"migrations/0_init/migration.sql": TABLE, "schema.prisma": ""},
        "prisma",
    ),
    "with a configuration": ({"migrations/0_init/migration.sql": TABLE, "prisma.config.ts": ""}, "prisma"),
    "koonj's files beside a schema of Prisma": ({"migrations/001_t.sql": TABLE, "schema.prisma": ""}, None),
    "koonj's files with BEGIN beside a lock file": (
        {"migrations/001_t.sql": f"BEGIN;\n{TABLE}COMMIT;\n", "migrations/migration_lock.toml": LOCK},
        None,
    ),
    "folders of nothing known": ({"migrations/0_init/migration.sql": TABLE}, None),
    "a migration.sql that is too deep": ({"migrations/a/b/migration.sql": TABLE, "schema.prisma": ""}, None),
}


def read(root: Path, files: dict[str, str]) -> Folder:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode())
    return FolderReader(root / "migrations", root).read()


@pytest.mark.parametrize("case", CASES)
def test_the_files_decide(case: str, tmp_path: Path) -> None:
    files, tool = CASES[case]
    found = read(tmp_path, files)
    assert (found.layout and found.layout.name) == tool


def test_folders_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    files = {f"migrations/{name}/migration.sql": TABLE for name in ("20_b", "3_c", "1_a", "no_number")}
    folder = read(
        tmp_path, {**files, "migrations/migration_lock.toml": LOCK, "migrations/20_b/down.sql": TABLE}
    )
    assert [(one.name, one.number, one.title, one.up.file) for one in migrations_of(folder)] == [
        ("1_a", 1, "a", "1_a/migration.sql"),
        ("20_b", 20, "b", "20_b/migration.sql"),
        ("3_c", 3, "c", "3_c/migration.sql"),
        ("no_number", 0, "no number", "no_number/migration.sql"),
    ]
    assert not any(one.has_rollback for one in folder.migrations)  # prisma never runs down.sql
    assert folder.migrations[0].shown_path == "migrations/1_a/migration.sql"


def test_a_folder_without_its_file_is_listed(tmp_path: Path) -> None:
    folder = read(
        tmp_path,
        {"migrations/migration_lock.toml": LOCK, "migrations/1_a/down.sql": "", "migrations/2.sql": TABLE},
    )
    assert folder.migrations == ()
    assert [(name, problem.message) for name, problem in folder.problems] == [
        ("1_a/down.sql", "The folder 1_a has no migration.sql, so prisma refuses all migrations.")
    ]


def test_migrations_for_another_database_are_shown_and_not_run(tmp_path: Path) -> None:
    lock = '# a comment\nprovider = "mysql"\n'
    folder = read(tmp_path, {"migrations/migration_lock.toml": lock, "migrations/1_a/migration.sql": TABLE})
    ((problem,),) = (one.problems for one in folder.migrations)
    assert problem.severity.value == "error"
    assert (
        problem.message == 'migration_lock.toml says provider = "mysql": the migration is not for PostgreSQL.'
    )


@pytest.mark.parametrize(
    ("configuration", "explanation"),
    [
        (
            'export default {\n  // engine: "js",\n};\n',
            "prisma sends it as one message, so it is one transaction",
        ),
        (
            'export default {\n  engine: "js",\n};\n',
            "2 statements outside a transaction, committed separately",
        ),
    ],
)
def test_the_engine_decides_how_statements_are_sent(
    configuration: str, explanation: str, tmp_path: Path
) -> None:
    files = {"migrations/migration_lock.toml": LOCK, "migrations/1_a/migration.sql": TABLE + TABLE}
    (one,) = read(tmp_path, {**files, "prisma.config.ts": configuration}).migrations
    assert one.shape.explanation == explanation


def test_an_index_without_a_transaction_must_be_alone(tmp_path: Path) -> None:
    index = "create index concurrently i on t (id);\n"
    files = {"migrations/1_a/migration.sql": index, "migrations/2_b/migration.sql": TABLE + index}
    folder = read(tmp_path, {**files, "migrations/migration_lock.toml": LOCK})
    found = {one.name: [(p.code, p.line) for p in one.problems] for one in folder.migrations}
    assert found == {"1_a": [], "2_b": [("refused-in-transaction", 2)]}


@pytest.mark.parametrize(
    ("checksum", "state"),
    [
        # Recorded by prisma 6.19.3.
        ("09df4ce107e0e5469ec8f0fc9cacfd8a110d99e4c365881b123bdd6f5bd360b4", "applied"),
        # The same with \r\n; as old versions wrote it, without the zeros at the start of a byte; another file.
        (sha256(b"create table users (id bigint primary key);\r\n").hexdigest(), "applied"),
        ("9df4ce17e0e5469ec8f0fc9cacfd8a11d99e4c365881b123bdd6f5bd360b4", "applied"),
        ("e65bd20ee1211a3d67f9b8cd20583e3c67a785862385f34b650f352d78695dbb", "edited"),
    ],
)
def test_checksums(checksum: str, state: str, tmp_path: Path) -> None:
    text = "create table users (id bigint primary key);\n"
    folder = read(tmp_path, {"migrations/migration_lock.toml": LOCK, "migrations/1_a/migration.sql": text})
    rows = (("1_a", checksum, True, False, None),)
    (status,) = LAYOUT.states(migrations_of(folder), ToolHistory({"history": rows}))
    assert status.state.value == state


def test_the_newest_row_that_stands_decides(tmp_path: Path) -> None:
    good = sha256(TABLE.encode()).hexdigest()
    folder = read(tmp_path, {"migrations/migration_lock.toml": LOCK, "migrations/1_a/migration.sql": TABLE})

    def state(*rows: tuple[object, ...]) -> str:
        (status,) = LAYOUT.states(migrations_of(folder), ToolHistory({"history": rows}))
        return status.state.value

    finished, open_, taken_back = (True, False, None), (False, False, "boom"), (False, True, "boom")
    assert state(("1_a", "x", *finished), ("1_a", good, *finished)) == "applied"
    assert state(("1_a", good, *finished), ("1_a", "x", *finished)) == "edited"
    assert state(("1_a", good, *finished), ("1_a", good, *taken_back)) == "applied"
    assert state(("1_a", good, *finished), ("1_a", good, *open_)) == "failed"
    assert state(("1_a", good, True, True, None)) == "pending"
