"""Test the files that need no parsing: a file that counts as plain has no problems when it is parsed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from koonj.migrations.migration import Migration
from koonj.sql import sections
from koonj.sql.plain_file import plain_statements

PLAIN = """\
-- 016_add_status.sql
-- It's the status of a document; "every" row (has) none.
BEGIN;

ALTER TABLE documents ADD COLUMN status varchar(50) DEFAULT 'it''s ; -- active' NOT NULL;
CREATE INDEX "the ; index" ON documents (lower(status), id); -- a comment
COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE documents -- the table
--     DROP COLUMN status;

--COMMIT;
"""
SHORT = "SELECT 1;\n-- rollback :  \n--SELECT 2;"
PARTS = [
    "BEGIN;", "begin ;", "COMMIT;", "COMMIT AND CHAIN;", "ROLLBACK;", "BEGIN READ ONLY;", "SAVEPOINT a;", "END;", "SELECT 1;",
    "SELECT (1;", "SELECT 1);", "INSERT INTO t VALUES ('a;', E'\\';');", "CREATE TABLE t (a int);", "DROP TABLE t;",
    "CREATE INDEX CONCURRENTLY i ON t (a);", "VACUUM;", "ALTER SYSTEM SET a = 1;", "DROP DATABASE d;", "CREATE FUNCTION f() ",
    "COPY t FROM stdin;\n1\n\\.\n", "COPY t TO stdout;", "SET TRANSACTION READ ONLY;", "DO $$ BEGIN COMMIT; END $$;",
    "'", '"', "/*", "*/", "(", ")", ";", "\\i x\n", "\\;", "$a$", "e", "\n", "\r\n", "\r", "\f", " ", "--", "-- ",
    "\n-- Rollback:\n", "\n-- Rollback:", "-- Rollback:\n", "\n -- Rollback:\n", "\n--rollback:\n", "\n-- DROP TABLE t;\n", "\n-- Rollback: none: no\n",
    "\n-- Rollback: nothing to undo: no\n", "-- koonj: retries 3\n", "\n-- koonj: retries x\n", "<<<<<<< a\n", "\n>>>>>>> a\n",
    "\n-- <<<<<<< a\n", "-- migrate:up\n", "\n-- +goose Up\n", "\x00", "\ufeff", "é", "SET standard_conforming_strings = off;",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PARTS), max_size=12).map("".join)
EDITS = st.lists(
    st.tuples(st.integers(0, len(PLAIN)), st.integers(0, 12), st.sampled_from(["", *PARTS])),
    min_size=1,
    max_size=3,
)


def edited(edits: list[tuple[int, int, str]], text: str = PLAIN) -> str:
    for at, length, new in edits:
        text = text[:at] + new + text[at + length :]
    return text


def problems(text: str) -> tuple[object, ...]:
    """Return the problems that parsing finds."""
    migration = Migration.from_recorded("016_add_status.sql", text)
    migration.__dict__["plain_statements"] = ()
    return migration.problems + migration.body_problems + migration.rollback_problems


def must_be_fine(text: str) -> None:
    if plain_statements(text):
        assert problems(text) == ()


@pytest.mark.parametrize("text", [PLAIN, SHORT, PLAIN.replace("COMMIT;", "commit ;")])
def test_a_usual_file_plain_statements_and_is_not_parsed(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert plain_statements(text)
    assert problems(text) == ()
    monkeypatch.delattr(sections, "parse")
    migration = Migration.from_recorded("016_add_status.sql", text)
    assert (migration.problems, migration.body_problems, migration.rollback_problems) == ((), (), ())


@given(st.tuples(TEXTS, TEXTS, TEXTS).map("\n-- Rollback:\n-- ".join) | TEXTS)
def test_any_text_that_counts_as_plain_has_no_problems(text: str) -> None:
    must_be_fine(text)


@given(EDITS)
@example([(PLAIN.index("-- Rollback"), 0, "SELECT 1; ")])
@example([(PLAIN.index("-- Rollback"), 0, " ")])
@example([(PLAIN.index("COMMIT"), 7, "")])
@example([(PLAIN.index("--COMMIT"), 2, "")])
@example([(0, 0, "/* x\n-- Rollback:\n")])
def test_any_edit_that_leaves_a_plain_file_makes_no_problem(edits: list[tuple[int, int, str]]) -> None:
    must_be_fine(edited(edits))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("-- It's", "/* Rollback:\n*/\n-- It's"),
        ("DROP COLUMN", "DROP \0COLUMN"),
        ("-- It's", "<<<<<<< ours\n-- It's"),
        ("-- It's", "-- migrate:up\n-- It's"),
        ("-- It's", "-- koonj: retries x\n-- It's"),
        ("-- BEGIN;", "-- Rollback:\n-- BEGIN;"),
        ("-- It's", "-- Rollback:\n-- It's"),
        ("COMMIT;\n\n-- Rollback:", "COMMIT; -- Rollback:"),
        ("-- Rollback:", "-- koonj:"),
        ("--COMMIT;", "-- SELECT '\n-- Rollback:\n-- ';\n--COMMIT;"),
        ("--COMMIT;", "-- SELECT '\n-- koonj: retries 3\n-- ';\n--COMMIT;"),
        ("-- BEGIN;", "-- BEGIN;\rSELECT 1;"),
        ("it''s", "it\n<<<<<<< ours\n"),
        ("it''s", "it\n>>>>>>> theirs\n"),
        ("-- Rollback:\n", "-- Rollback: none:\n--\n"),
        ("--     DROP", "    DROP"),
        ("BEGIN;\n\n", ""),
        ("BEGIN;\n\n", "BEGIN READ ONLY;\n"),
        ("--COMMIT;", "--COMMIT 'a"),
        ("--COMMIT;", "--ROLLBACK;"),
        ("--COMMIT;", "--COMMIT AND CHAIN;"),
        ("COMMIT;\n\n--", "VACUUM;\nCOMMIT;\n\n--"),
        (PLAIN[PLAIN.index("ALTER") : PLAIN.index("COMMIT;")], ""),
        (PLAIN[PLAIN.index("-- ALTER") : PLAIN.index("--COMMIT;")], ""),
        (PLAIN[: PLAIN.index("-- Rollback")], ""),
        (PLAIN[PLAIN.index("-- Rollback") :], ""),
    ],
)
def test_a_file_with_a_problem_is_not_plain(old: str, new: str) -> None:
    assert old in PLAIN
    text = PLAIN.replace(old, new, 1)
    assert problems(text)
    assert not plain_statements(text)


@pytest.mark.parametrize("end", ["VACUUM", "SELECT 'a", "SELECT (1;", "SELECT 2; /* a"])
def test_what_follows_the_last_semicolon_counts(end: str) -> None:
    assert plain_statements(SHORT)
    for text in (SHORT.replace("\n", f"{end}\n", 1), SHORT + end):
        assert not plain_statements(text)


def test_bytes_that_are_not_text_are_not_plain() -> None:
    migration = Migration.from_recorded("016_add_status.sql", PLAIN)
    raw = migration.raw.replace(b"active", b"active\xff")
    broken = Migration(16, "016_add_status.sql", "/f", "f", raw, "")
    assert [problem.code for problem in broken.problems] == ["not-utf8"]


def test_every_file_of_the_tests_that_counts_as_plain_has_no_problems() -> None:
    top, found = Path(__file__).parents[2], 0
    for path in sorted(
        [*top.glob("tests/**/*.sql"), *top.glob("src/**/*.sql"), *top.glob("database/**/*.sql")]
    ):
        text = path.read_bytes().decode("utf-8", "replace")
        found += bool(plain_statements(text))
        must_be_fine(text)
    assert found
