"""What the files before a file say decides whether a finding holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from koonj.checks.check import Checker, check_folder
from koonj.checks.column_types import rewrites
from koonj.checks.levels import Levels
from koonj.migrations.folder import FolderReader
from koonj.migrations.migration import Migration

_RENAMES = "ALTER TABLE t RENAME a TO b; ALTER TABLE t RENAME TO u;"
ROLLBACK = "\n-- Rollback:\n-- BEGIN;\n-- SELECT 1;\n-- COMMIT;\n"


def codes(*texts: str, pending: bool = False) -> list[str]:
    """Return the codes of the last of these files; each text is one transaction."""
    files = [_file(number, text) for number, text in enumerate(texts, start=1)]
    before = files[:-1] if pending else []
    return [p.code for p in Checker(files, Levels()).findings(files[-1], pending=before)]


def _file(number: int, text: str) -> Migration:
    return Migration.from_recorded(f"{number:03d}_x.sql", f"BEGIN;\n{text}\nCOMMIT;\n{ROLLBACK}")


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        (("CREATE TABLE t (a int);", "ALTER TABLE t ALTER a TYPE bigint;"), "type-rewrites"),
        (("CREATE TABLE t (a varchar(20));", "ALTER TABLE t ALTER a TYPE varchar(10);"), "type-rewrites"),
        (("CREATE TABLE t (a numeric(8, 2));", "ALTER TABLE t ALTER a TYPE numeric(9, 3);"), "type-rewrites"),
        (("CREATE TABLE t (a int);", "ALTER TABLE t ALTER a TYPE text;"), "type-rewrites"),
        (
            (
                "CREATE TABLE p (a int) PARTITION BY RANGE (a);",
                "CREATE TABLE c (a int);",
                "SELECT 1;",
                "ALTER TABLE p ATTACH PARTITION c FOR VALUES FROM (1) TO (2);",
            ),
            "attach-scans",
        ),
        (
            ("CREATE TABLE t (a int);", "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u NOT VALID;"),
            "foreign-key-without-index",
        ),
        (
            (
                "CREATE MATERIALIZED VIEW v AS SELECT 1 WITH NO DATA;",
                "REFRESH MATERIALIZED VIEW v;",
                "REFRESH MATERIALIZED VIEW v;",
            ),
            "refresh-not-concurrent",
        ),
        (("CREATE TABLE t (a int);", "DROP TABLE t;"), "drop-table"),
        (
            ("ALTER TABLE t ADD CHECK (a IS NOT NULL);", _RENAMES, "ALTER TABLE u ALTER a SET NOT NULL;"),
            "not-null-scans",
        ),
        (
            ("CREATE TABLE t (a int, b text);", _RENAMES, "ALTER TABLE u ALTER b TYPE bigint;"),
            "type-rewrites",
        ),
        (
            (
                "CREATE TABLE t (a text);",
                _RENAMES,
                "CREATE TABLE t (a int);",
                "ALTER TABLE t ALTER a TYPE text;",
            ),
            "type-rewrites",
        ),
        (
            (
                "ALTER TABLE t RENAME TO u;",
                "CREATE TABLE t (a int);",
                "SELECT 1;",
                "ALTER TABLE t ALTER a SET NOT NULL;",
            ),
            "not-null-scans",
        ),
    ],
)
def test_earlier_files_show_that_a_statement_is_unsafe(texts: tuple[str, ...], code: str) -> None:
    assert codes(*texts) == [code]


@pytest.mark.parametrize(
    "texts",
    [
        ("CREATE TABLE t (a varchar(20));", "ALTER TABLE t ALTER a TYPE varchar(30);"),
        ("CREATE TABLE t (a bigserial);", "ALTER TABLE t ALTER a TYPE int8;"),
        ("CREATE TABLE t (a my_domain);", "ALTER TABLE t ALTER a TYPE bigint;"),
        ("CREATE TABLE t (a timestamp);", "ALTER TABLE t ALTER a TYPE timestamptz;"),
        ("ALTER TABLE t ADD a numeric(8, 2);", "ALTER TABLE t ALTER a TYPE numeric(12, 2);"),
        ("CREATE TABLE t (a int NOT NULL);", "ALTER TABLE t ALTER a SET NOT NULL;"),
        (
            "ALTER TABLE t ADD CONSTRAINT n CHECK (a IS NOT NULL) NOT VALID;",
            "ALTER TABLE t VALIDATE CONSTRAINT n;",
            "ALTER TABLE t ALTER a SET NOT NULL;",
        ),
        ("ALTER TABLE t ADD CHECK (a IS NOT NULL AND b > 0);", "ALTER TABLE t ALTER a SET NOT NULL;"),
        (
            "CREATE TABLE c (a int);",
            "ALTER TABLE c ADD CHECK (a > 0);",
            "ALTER TABLE p ATTACH PARTITION c FOR VALUES IN (1);",
        ),
        ("SELECT 1;", "ALTER TABLE p ATTACH PARTITION unknown FOR VALUES IN (1);"),
        ("SELECT 1;", "ALTER TABLE unknown ADD FOREIGN KEY (a) REFERENCES u NOT VALID;"),
        (
            "CREATE TABLE t (a int);",
            "CREATE INDEX i ON ONLY t (a);",
            "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u NOT VALID;",
        ),
        ("CREATE TABLE t (a int);", "ALTER TABLE t RENAME a TO b_dropped;", "ALTER TABLE t DROP b_dropped;"),
        ("ALTER TABLE t ADD CHECK (a IS NOT NULL);", _RENAMES, "ALTER TABLE u ALTER b SET NOT NULL;"),
        (
            "ALTER TABLE t ADD CONSTRAINT n CHECK (a IS NOT NULL) NOT VALID;",
            f"{_RENAMES} ALTER TABLE u VALIDATE CONSTRAINT n;",
            "ALTER TABLE u RENAME b TO c;",
            "ALTER TABLE u ALTER c SET NOT NULL;",
        ),
        ("CREATE TABLE t (a varchar(20));", _RENAMES, "ALTER TABLE u ALTER b TYPE varchar(30);"),
        (
            "CREATE TABLE t (a int, b int);",
            "ALTER TABLE t RENAME a TO c; ALTER TABLE t RENAME b TO a; ALTER TABLE t RENAME c TO b;",
            "ALTER TABLE t ADD CHECK (a IS NOT NULL);",
            "ALTER TABLE t RENAME a TO d;",
            "ALTER TABLE t ALTER d SET NOT NULL;",
        ),
        ("ALTER TABLE t RENAME a TO x_dropped; ALTER TABLE t RENAME TO u;", "ALTER TABLE u DROP x_dropped;"),
        ("ALTER TABLE app.t SET SCHEMA attic;", "DROP TABLE attic.t;"),
        ("CREATE MATERIALIZED VIEW v AS SELECT 1 WITH NO DATA;", "REFRESH MATERIALIZED VIEW v;"),
    ],
)
def test_earlier_files_show_that_a_statement_is_safe(texts: tuple[str, ...]) -> None:
    assert codes(*texts) == []


def test_a_later_index_of_a_foreign_key_counts() -> None:
    files = [
        _file(1, "ALTER TABLE t ADD a int REFERENCES u;"),
        Migration.from_recorded("002_x.sql", f"CREATE INDEX CONCURRENTLY i ON t (a);\n{ROLLBACK}"),
    ]
    assert Checker(files, Levels()).findings(files[0]) == ()
    assert [p.code for p in Checker(files[:1], Levels()).findings(files[0])] == ["foreign-key-without-index"]


@pytest.mark.parametrize("rename", ["ALTER TABLE t RENAME TO v;", "ALTER TABLE t RENAME a TO b;"])
def test_after_a_later_rename_an_index_of_a_foreign_key_is_not_known(rename: str) -> None:
    """The index that comes later has the new names."""
    files = [_file(1, "ALTER TABLE t ADD a int REFERENCES u;"), _file(2, rename)]
    assert Checker(files, Levels()).findings(files[0]) == ()


def test_a_table_of_the_pending_batch_has_no_rows_and_no_users() -> None:
    texts = (
        "CREATE TABLE t (a int);",
        "SELECT 1;",
        "CREATE INDEX i ON t (a); ALTER TABLE t ADD b int NOT NULL;",
    )
    assert codes(*texts) == ["index-not-concurrent", "column-not-null"]
    assert codes(*texts, pending=True) == []


def test_renames_of_the_same_file_are_followed() -> None:
    checked = "ALTER TABLE t ADD CHECK (a IS NOT NULL);"
    renames = ["rename-column", "rename-table"]
    assert codes(checked, f"{_RENAMES} ALTER TABLE u ALTER b SET NOT NULL;") == renames
    assert codes(checked, f"{_RENAMES} ALTER TABLE u ALTER a SET NOT NULL;") == [*renames, "not-null-scans"]


def test_a_new_table_of_the_batch_stays_new_when_it_is_renamed() -> None:
    made = "CREATE TABLE t (a int);"
    renamed = "ALTER TABLE t RENAME TO u;"
    assert codes(made, renamed, "ALTER TABLE u ALTER a SET NOT NULL;", pending=True) == []
    assert codes(renamed, made, "ALTER TABLE u ALTER a SET NOT NULL;", pending=True) == ["not-null-scans"]


def test_without_a_database_the_file_just_before_counts_as_the_same_batch(tmp_path: Path) -> None:
    index = "CREATE INDEX i ON t (a);"
    for number, text in enumerate(("CREATE TABLE t (a int);", index, index), start=1):
        (tmp_path / f"{number:03d}_x.sql").write_text(f"BEGIN;\n{text}\nCOMMIT;\n{ROLLBACK}")
    found = check_folder(FolderReader(tmp_path).read(), Levels())
    assert [(p.name, p.problem.code) for p in found] == [("003_x.sql", "index-not-concurrent")]


def test_findings_of_old_files_are_left_out(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        (tmp_path / f"{number:03d}_x.sql").write_text(f"BEGIN;\nTRUNCATE t;\nCOMMIT;\n{ROLLBACK}")
    folder = FolderReader(tmp_path).read()
    assert [p.name for p in check_folder(folder, Levels(after=2))] == ["003_x.sql"]
    assert Checker(folder.migrations, Levels(after=2)).findings(folder.migrations[1]) == ()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("varchar ( 10 )", "varchar ( 20 )", False),
        ("varchar ( 10 )", "text", False),
        ("text", "varchar ( 10 )", True),
        ("character varying ( 10 )", "text", False),
        ("char ( 10 )", "text", True),
        ("int", "bigint", True),
        ("integer", "int4", False),
        ("pg_catalog . int4", "integer", False),
        ("timestamp ( 3 )", "timestamp ( 6 )", False),
        ("timestamp ( 6 ) with time zone", "timestamptz ( 3 )", True),
        ("cidr", "inet", False),
        ("inet", "cidr", True),
        ("jsonb", "json", True),
        ("status", "bigint", False),
        ("bigint", "status", False),
        ("int [ ]", "bigint [ ]", False),
        ("", "bigint", True),
        ("", "text", False),
        ("varbit ( 3 )", "varbit ( 5 )", False),
        ("bit ( 3 )", "bit ( 5 )", True),
    ],
)
def test_types_that_are_written_anew(before: str, after: str, expected: bool) -> None:
    assert rewrites(before, after) is expected
