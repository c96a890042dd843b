"""Comments that tell koonj to ignore a finding."""

from __future__ import annotations

import pytest

from koonj.checks.check import Checker
from koonj.checks.levels import Levels
from koonj.migrations.migration import Migration

ROLLBACK = "\n-- Rollback: nothing to undo: a test\n"


def find(text: str) -> list[tuple[str, int | None, int | None]]:
    migration = Migration.from_recorded("001_x.sql", text + ROLLBACK)
    assert migration.problems == ()
    return [(p.code, p.line, p.column) for p in Checker([migration], Levels()).findings(migration)]


@pytest.mark.parametrize(
    "text",
    [
        "-- koonj: ignore truncate: nobody needs the rows\nBEGIN;\nTRUNCATE t;\nTRUNCATE u;\nCOMMIT;",
        "BEGIN;\n-- koonj: ignore truncate: nobody needs the rows\nTRUNCATE t;\nCOMMIT;",
        "BEGIN;\n--koonj:IGNORE truncate:nobody needs: the rows\n\n-- more\nTRUNCATE t;\nCOMMIT;",
        "BEGIN;\nTRUNCATE t; -- koonj: ignore truncate: nobody needs the rows\nCOMMIT;",
        "BEGIN;\nTRUNCATE -- koonj: ignore truncate: nobody needs the rows\n  t;\nCOMMIT;",
        "BEGIN;\nSELECT 1;\n-- koonj: ignore drop-table, drop-cascade: both\nDROP TABLE t CASCADE;\nCOMMIT;",
        "BEGIN;\nSELECT 1;\nCOMMIT;\n-- koonj: ignore truncate: why\nBEGIN;\nTRUNCATE t;\nCOMMIT;",
        "-- koonj: lock_timeout 2s\n-- koonj: ignore truncate: why\nTRUNCATE t;",
    ],
)
def test_finding_is_ignored_with_a_reason(text: str) -> None:
    assert find(text) == []


def test_comment_before_a_statement_is_about_this_statement_only() -> None:
    text = "BEGIN;\nSELECT 1;\n-- koonj: ignore truncate: t is empty\nTRUNCATE t;\nTRUNCATE u;\nCOMMIT;"
    assert find(text) == [("truncate", 5, 1)]


@pytest.mark.parametrize(
    ("comment", "column"),
    [
        ("-- koonj: ignore truncate", 11),
        ("-- koonj: ignore truncate:  ", 11),
        ("-- koonj: ignore: why", 11),
        ("-- koonj: ignore trunkate: why", 11),
        ("  --  koonj:  ignore  truncate trunkate: why", 15),
    ],
)
def test_comment_without_a_code_or_a_reason_ignores_nothing(comment: str, column: int) -> None:
    assert find(f"{comment}\nTRUNCATE t;") == [("bad-ignore", 1, column), ("truncate", 2, 1)]


@pytest.mark.parametrize(
    "text",
    [
        "-- koonj: ignore truncate: why\nSELECT 1;",
        "BEGIN;\nSELECT 1;\nCOMMIT; -- koonj: ignore truncate: why",
        "SELECT 1;\n-- koonj: ignore truncate: why",
    ],
)
def test_comment_that_ignores_nothing_is_a_note(text: str) -> None:
    assert [code for code, _, _ in find(text)] == ["unused-ignore"]


def test_comment_in_a_string_is_none() -> None:
    assert find("BEGIN;\nTRUNCATE t;\nSELECT '\n-- koonj: ignore truncate: why\n';\nCOMMIT;") == [
        ("truncate", 2, 1)
    ]


def test_text_that_only_begins_like_an_ignore_comment_is_a_setting() -> None:
    migration = Migration.from_recorded("001_x.sql", "-- koonj: ignored x: y\nSELECT 1;" + ROLLBACK)
    assert [p.code for p in migration.problems] == ["unknown-setting"]
