"""One migration file: its texts and its problems."""

from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from koonj.migrations.migration import Migration
from koonj.sql.problem import Severity

GOOD = """\
-- 016_add_status_to_documents.sql
-- Workflow status of a document.
BEGIN;
ALTER TABLE documents ADD COLUMN status text;
COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE documents DROP COLUMN status;
-- COMMIT;
"""
WAY_BACK = "-- Rollback: none: it is only a test\n"


def migration(raw: bytes | str) -> Migration:
    raw = raw.encode() if isinstance(raw, str) else raw
    return Migration(16, "016_add_status_to_documents.sql", "/m", "db/m", raw, sha256(raw).hexdigest())


def codes(raw: bytes | str) -> list[str]:
    return [p.code for p in migration(raw).problems]


def test_title_description_and_paths_are_read() -> None:
    found = migration(GOOD)
    assert found.problems == ()
    assert found.title == "add status to documents"
    assert found.description == "Workflow status of a document."
    assert found.path == Path("/m/016_add_status_to_documents.sql")
    assert found.shown_path == "db/m/016_add_status_to_documents.sql"
    assert found.shape.wrapped
    assert found.rollback_shape is not None
    assert found.fingerprints.file == found.file_hash == sha256(GOOD.encode()).hexdigest()


def test_recorded_migration_has_no_file() -> None:
    found = Migration.from_recorded("016_x.sql", GOOD)
    assert (found.number, found.recorded, found.raw) == (16, True, GOOD.encode())
    assert found.shown_path == "016_x.sql (from koonj.history)"
    assert found.fingerprints == migration(GOOD).fingerprints


class TestBytes:
    def test_invalid_byte_is_reported_with_its_offset(self) -> None:
        (problem,) = migration(b"-- a\r\n-- \xc3\xa9 caf\xe9;\n").problems
        assert (problem.code, problem.severity, problem.line, problem.column) == (
            "not-utf8",
            Severity.ERROR,
            2,
            9,
        )
        assert "0xe9 at offset 15" in problem.message
        assert "iconv -f LATIN1" in problem.hint

    def test_incomplete_character_is_reported(self) -> None:
        assert codes("SELECT 'é".encode()[:-1]) == ["not-utf8"]

    def test_utf16_is_named_in_the_message(self) -> None:
        (problem,) = migration(GOOD.encode("utf-16")).problems
        assert (problem.code, problem.message) == ("not-utf8", "The file is UTF-16, not UTF-8.")

    def test_nul_byte_is_reported_with_its_position(self) -> None:
        (problem,) = migration("SELECT 1;\nSELECT '\0';").problems
        assert (problem.code, problem.line, problem.column) == ("nul-byte", 2, 9)

    def test_byte_order_mark_is_accepted(self) -> None:
        assert codes("\ufeff" + GOOD) == []

    def test_windows_line_ends_are_accepted(self) -> None:
        assert codes(GOOD.replace("\n", "\r\n")) == []


class TestText:
    def test_missing_rollback_is_a_warning(self) -> None:
        (problem,) = migration("CREATE TABLE t ();").problems
        assert (problem.code, problem.severity) == ("no-rollback", Severity.WARNING)

    def test_rollback_none_requires_a_reason(self) -> None:
        assert codes("CREATE TABLE t ();\n-- Rollback: none\n") == ["no-reason"]
        assert codes("CREATE TABLE t ();\n" + WAY_BACK) == []

    @pytest.mark.parametrize("body", ["", "-- nothing yet\n", "BEGIN;\nCOMMIT;\n", "\ufeff", ";;\n"])
    def test_body_without_statements_is_reported(self, body: str) -> None:
        assert codes(body + WAY_BACK) == ["empty"]

    def test_rollback_without_statements_is_reported(self) -> None:
        (problem,) = migration("CREATE TABLE t ();\n-- Rollback:\n-- BEGIN;\n--\n-- COMMIT;\n").problems
        assert (problem.code, problem.severity) == ("empty-rollback", Severity.WARNING)

    def test_rollback_can_run_only_with_statements_or_nothing_to_undo(self) -> None:
        declared = migration("INSERT INTO t VALUES (1);\n-- Rollback: nothing to undo: the rows are kept\n")
        assert (declared.has_rollback, declared.problems) == (True, ())
        for block in ("", "-- Rollback:\n", "-- Rollback:\n-- BEGIN;\n-- COMMIT;\n", WAY_BACK):
            assert not migration("INSERT INTO t VALUES (1);\n" + block).has_rollback, block

    def test_line_without_comment_mark_is_a_problem_of_the_rollback(self) -> None:
        found = migration("CREATE TABLE t ();\n-- Rollback:\n-- SELECT 1;\nDROP TABLE t;\n")
        assert [(p.code, p.line) for p in found.rollback_problems] == [("statements-after-rollback", 4)]
        assert found.body_problems == ()

    @pytest.mark.parametrize("mark", ["-- migrate:up", "-- +goose Up", "---- create above / drop below ----"])
    def test_file_of_another_tool_has_only_one_problem(self, mark: str) -> None:
        (problem,) = migration(f"SELECT 1;\n{mark}\nCREATE TABLE t (\n").problems
        assert (problem.code, problem.severity, problem.line) == ("other-tool", Severity.ERROR, 2)

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("BEGIN;\n<<<<<<< HEAD\nSELECT (1;\n=======\nSELECT 2;\n>>>>>>> b\nCOMMIT;\n" + WAY_BACK, 2),
            ("COPY t FROM stdin;\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> b\n\\.\n" + WAY_BACK, 2),
            ("SELECT 1;\n-- Rollback:\n-- <<<<<<< HEAD\n-- DROP TABLE t;\n-- >>>>>>> b\n", 3),
            ("SELECT 1;\n<<<<<<< HEAD\n-- Rollback:\n-- SELECT 1;\n=======\n-- Rollback:\n>>>>>>> b\n", 2),
        ],
    )
    def test_merge_conflict_is_the_only_problem(self, text: str, line: int) -> None:
        (problem,) = migration(text).problems
        assert (problem.code, problem.severity, problem.line) == ("conflict-marker", Severity.ERROR, line)

    @pytest.mark.parametrize(
        ("body", "code", "line"),
        [
            ("SELECT 1;\nBEGIN;\nSELECT 2;\n", "open-transaction", 2),
            ("SELECT 1;\nCOMMIT;\n", "commit-without-begin", 2),
            ("BEGIN;\nCREATE INDEX CONCURRENTLY i ON t (a);\nCOMMIT;\n", "refused-in-transaction", 2),
        ],
    )
    def test_problem_of_the_body_is_reported_with_its_line(self, body: str, code: str, line: int) -> None:
        (problem,) = migration(body + WAY_BACK).problems
        assert (problem.code, problem.severity, problem.line) == (code, Severity.ERROR, line)

    def test_problem_of_the_rollback_is_reported_with_its_line_in_the_file(self) -> None:
        (problem,) = migration("CREATE TABLE t ();\n-- Rollback:\n-- BEGIN;\n-- DROP TABLE t;\n").problems
        assert (problem.code, problem.line, problem.column) == ("open-transaction", 3, 4)

    def test_unterminated_quote_is_reported_with_its_line(self) -> None:
        found = migration("SELECT 1;\nSELECT 'x;\n").problems
        assert [(p.line, p.severity) for p in found if p.code != "no-rollback"] == [(2, Severity.ERROR)]

    @pytest.mark.parametrize(
        ("statement", "column"),
        [
            ("/* x", 1),
            ("SELECT 'x;", 8),
            ("SELECT E'x\\';", 9),
            ('SELECT "x;', 8),
            ("DO $x$ BEGIN NULL;", 4),
            ("SELECT (1;", 8),
            ("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1;", 33),
            ("COPY t FROM stdin;", 1),
        ],
    )
    def test_what_is_never_closed_is_the_only_problem(self, statement: str, column: int) -> None:
        """It hides the COMMIT and the rollback, or what comes after it in the rollback."""
        rollback = "-- Rollback:\n-- BEGIN;\n-- {}\n-- COMMIT;\n"
        texts = {
            f"BEGIN;\nDELETE FROM t;\n{statement}\nCOMMIT;\n\n{rollback.format('SELECT 1;')}": (3, column),
            f"{statement}\n\n{rollback.format('SELECT 1;')}": (1, column),
            f"BEGIN;\nDELETE FROM t;\nCOMMIT;\n\n{rollback.format(statement)}": (7, column + 3),
        }
        for text, place in texts.items():
            found = [(p.code, p.line, p.column) for p in migration(text).problems]
            assert found == [("unterminated", *place)], text

    def test_what_is_never_closed_hides_no_other_problem(self) -> None:
        text = "BEGIN;\nCOMMIT AND CHAIN;\nCOMMIT;\nCOMMIT;\nSELECT 'x"
        assert codes(text) == ["commit-and-chain", "commit-without-begin", "unterminated", "no-rollback"]
        nearly = "-- Roll back:\n-- SELECT 1;\nSELECT 'x"
        assert codes(nearly) == ["nearly-rollback", "unterminated", "no-rollback"]

    def test_copy_rows_that_take_the_rollback_are_an_error(self) -> None:
        text = "CREATE TABLE t (a text);\nCOPY t FROM STDIN;\nx\n\n-- Rollback:\n-- DROP TABLE t;\n"
        (problem,) = [p for p in migration(text).problems if p.severity is Severity.ERROR]
        assert (problem.code, problem.line, problem.column) == ("unterminated", 2, 1)
        assert "line 5" in problem.message

    def test_copy_rows_of_a_rollback_need_an_end(self) -> None:
        text = "DELETE FROM t;\n-- Rollback:\n-- COPY t FROM stdin;\n-- 1\n"
        (problem,) = migration(text).problems
        assert (problem.code, problem.line, problem.column) == ("unterminated", 3, 4)
        assert migration(text + "-- \\.\n").problems == ()

    def test_problems_are_sorted_by_line_and_unique(self) -> None:
        found = migration("-- koonj: colour red\nBEGIN;\nCOMMIT;\nCOMMIT;\nSELECT 1;\nCOMMIT;\n").problems
        lines = [p.line for p in found]
        assert lines == [1, 4, 6, None]
        assert len(set(found)) == len(found)


PIECES = st.lists(
    st.sampled_from(
        [
            "BEGIN;",
            "COMMIT;",
            "SELECT 1",
            ";",
            "'",
            '"',
            "$$",
            "$a$",
            "/*",
            "*/",
            "--",
            "-- Rollback:",
            "\n",
            "\r",
            "(",
            ")",
            "-- koonj: lock_timeout",
            "\\set",
            "\\;",
            "COPY t FROM stdin;",
            "\\.",
            "\ufeff",
            "\0",
            "é",
            " none: x",
            "E'",
        ]
    ),
    max_size=30,
).map("".join)


@given(st.one_of(st.binary(max_size=400), PIECES.map(str.encode)))
@example(b"\xff\xfe")
@example(b"\xef\xbb\xbf\x00")
def test_no_bytes_raise_an_exception(raw: bytes) -> None:
    found = migration(raw)
    assert all(p.message and p.hint and p.code for p in found.problems)
    lines = max(1, found.text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1)
    assert all(p.line is None or 1 <= p.line <= lines for p in found.problems)
    assert len(found.fingerprints.statements) == len(found.fingerprints.rollback) == 64
