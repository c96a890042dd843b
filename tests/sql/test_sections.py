"""Tests for the sections of a file: leading comments, settings, body, rollback."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.sql.problem import Severity
from koonj.sql.sections import Sections, Setting, parse

FILE = """\
-- 016_add_status_to_documents.sql
-- Workflow status of a document;
-- every existing row is 'active'.
-- koonj: lock_timeout 2s
BEGIN;

ALTER TABLE documents ADD COLUMN status text;

COMMIT;

-- Rollback:
-- BEGIN;
--   ALTER TABLE documents DROP COLUMN status;
--
-- COMMIT;
"""


def codes(sections: Sections) -> list[tuple[str, int | None, int | None]]:
    return [(problem.code, problem.line, problem.column) for problem in sections.problems]


def placed(text: str) -> list[tuple[str, int, int]]:
    rollback = parse(text).rollback
    return [] if rollback is None else [(s.text, s.line, s.column) for s in rollback.statements]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_file_is_split_into_sections(end: str) -> None:
    sections = parse("\ufeff" + FILE.replace("\n", end))
    assert sections.description == "Workflow status of a document;\nevery existing row is 'active'."
    assert sections.settings == (Setting("lock_timeout", "2s", 4, 11),)
    assert [s.summary for s in sections.body.statements] == [
        "begin",
        "alter table documents add column status",
        "commit",
    ]
    assert placed(FILE.replace("\n", end)) == [
        ("BEGIN;", 12, 4),
        ("ALTER TABLE documents DROP COLUMN status;", 13, 6),
        ("COMMIT;", 15, 4),
    ]
    assert sections.rollback_line == 11
    assert sections.none_reason is None
    assert sections.problems == ()


@pytest.mark.parametrize("marker", ["-- rollback:", "--ROLLBACK:", "  --  Rollback :  ", "--\tRollback:"])
def test_marker_can_be_written_in_several_ways(marker: str) -> None:
    assert placed(f"SELECT 1;\n{marker}\n--SELECT 2;\n\n--\tSELECT 3;") == [
        ("SELECT 2;", 3, 3),
        ("SELECT 3;", 5, 4),
    ]


def test_statements_can_start_on_the_marker_line() -> None:
    assert placed("SELECT 1;\n-- Rollback: DROP TABLE x;\n--  DROP TABLE\n--   y;") == [
        ("DROP TABLE x;", 2, 14),
        ("DROP TABLE\n  y;", 3, 5),
    ]


def test_comment_in_the_rollback_is_a_comment() -> None:
    text = "SELECT 1;\n-- Rollback:\n-- -- why\n-- SELECT 'x' -- and\n--   ;\n"
    assert placed(text) == [("SELECT 'x' -- and\n  ;", 4, 4)]


def test_rollback_can_contain_copy_rows() -> None:
    sections = parse("SELECT 1;\n-- Rollback:\n-- COPY t FROM stdin;\n-- 1\tx\n--  2\t\n-- \\.\n-- SELECT 3;")
    assert sections.rollback is not None
    copy, select = sections.rollback.statements
    assert b"".join(sections.rollback.data(copy)) == b"1\tx\n 2\t\n"
    assert (select.line, select.column) == (7, 4)


def test_the_last_statement_of_the_body_needs_no_semicolon() -> None:
    sections = parse("BEGIN;\nSELECT 1;\nCOMMIT\n\n-- Rollback:\n-- SELECT 2\n")
    assert [s.text.strip() for s in sections.body.statements] == ["BEGIN;", "SELECT 1;", "COMMIT"]
    assert placed("COMMIT\n-- Rollback:\n-- SELECT 2\n") == [("SELECT 2\n", 3, 4)]
    assert sections.problems == ()


@pytest.mark.parametrize(
    "inside",
    [
        "SELECT '\n-- Rollback:\n-- x\n';",
        'SELECT "\n-- Rollback:\n";',
        "DO $$\n-- Rollback:\nBEGIN END $$;",
        "/*\n-- Rollback:\n-- x\n*/ SELECT 1;",
        "/*\n-- Rollback:\n*/",
        "COPY t FROM stdin;\n-- Rollback:\n\\.\n",
        "-- see below -- Rollback: x",
        "SELECT 1; -- not -- Rollback: x",
        "\\echo -- Rollback:\n",
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$\n-- koonj: x 1\nSELECT '' $$;",
    ],
)
def test_text_that_looks_like_a_marker_is_ignored(inside: str) -> None:
    sections = parse(f"{inside}\n-- Rollback:\n-- SELECT 2;")
    assert sections.rollback_line == inside.count("\n") + 2
    assert sections.problems == ()
    assert parse(inside).rollback is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("-- Rollback: none: the rows are gone", "the rows are gone"),
        ("--rollback:NONE:x", "x"),
        ("-- Rollback: none, as no backup\n--  holds them\n\n-- more\n", "as no backup holds them"),
    ],
)
def test_rollback_none_has_a_reason(text: str, reason: str) -> None:
    sections = parse(f"SELECT 1;\n{text}")
    assert (sections.none_reason, sections.rollback, sections.rollback_line) == (reason, None, 2)
    assert sections.problems == ()


@pytest.mark.parametrize(
    "line",
    [
        "nothing to undo: only data",
        "Nothing to undo - only data",
        "NOTHING  TO undo\n-- only data",
        "nothing to undo:only data",
    ],
)
def test_nothing_to_undo_is_an_empty_rollback_with_a_reason(line: str) -> None:
    sections = parse(f"SELECT 1;\n-- Rollback: {line}\n")
    assert (sections.nothing_reason, sections.none_reason, sections.rollback_line) == ("only data", None, 2)
    assert sections.rollback is not None
    assert (sections.rollback.statements, sections.rollback.problems, sections.problems) == ((), (), ())


def test_nothing_to_undo_without_reason_is_a_problem() -> None:
    sections = parse("SELECT 1;\n-- Rollback: nothing to undo:\n")
    assert [(p.code, p.line) for p in sections.problems] == [("no-reason", 2)]
    assert (sections.nothing_reason, sections.rollback) == (None, None)


def test_rollback_none_without_reason_is_a_problem() -> None:
    sections = parse("SELECT 1;\n-- Rollback: none:\n")
    assert (sections.none_reason, sections.rollback) == (None, None)
    assert codes(sections) == [("no-reason", 2, 14)]


def test_name_that_begins_with_none_is_a_statement() -> None:
    assert placed("-- Rollback: nonesuch;") == [("nonesuch;", 1, 14)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("SELECT 1;\n-- Rollback:\n-- SELECT 2;\n  SELECT 3;", ("statements-after-rollback", 4, 3)),
        ("SELECT 1;\n-- Rollback: none: x\nSELECT 3;\nSELECT 4;", ("statements-after-rollback", 3, 1)),
        ("SELECT 1;\n-- Rollback:\n-- x;\n-- rollback: y", ("second-rollback", 4, 4)),
        ("SELECT 1;\n-- Rollback:\n/* SELECT 2; */", ("rollback-block-comment", 3, 1)),
        ("SELECT 1;\n/* Rollback:\nSELECT 2; */", ("rollback-block-comment", 2, 1)),
        ("SELECT 1;\n/*\n * ROLLBACK\n * SELECT 2; */", ("rollback-block-comment", 2, 1)),
        ("SELECT 1; -- Rollback: SELECT 2;", ("misplaced-rollback", 1, 11)),
        ("CREATE TABLE t (\n  -- Rollback: x\n  a int);", ("rollback-inside-statement", 2, 3)),
        ("SELECT 1\n-- Rollback:\n-- x\nSELECT 2;", ("rollback-inside-statement", 2, 1)),
        ("SELECT 1;\n-- Rollback\n-- SELECT 2;", ("nearly-rollback", 2, 1)),
        ("SELECT 1;\n-- Roll back:\n-- SELECT 2;", ("nearly-rollback", 2, 1)),
        ("SELECT 1;\n-- koonj: retries 1", ("misplaced-setting", 2, 1)),
        ("SELECT 1;\n-- Rollback:\n-- koonj: retries 1", ("misplaced-setting", 3, 4)),
        ("-- koonj: speed 1\nSELECT 1;", ("unknown-setting", 1, 11)),
        ("-- koonj:\nSELECT 1;", ("unknown-setting", 1, 10)),
        ("-- koonj: lock_timeout\nSELECT 1;", ("bad-setting", 1, 11)),
        ("-- koonj: lock_timeout 5S\nSELECT 1;", ("bad-setting", 1, 11)),
        ("-- koonj: lock_timeout -1\nSELECT 1;", ("bad-setting", 1, 11)),
        ("-- koonj: lock_timeout 25d\nSELECT 1;", ("bad-setting", 1, 11)),
        ("-- koonj: max_stall 0\nSELECT 1;", ("bad-setting", 1, 11)),
        ("-- koonj: retries 1, max_stall 5S\nSELECT 1;", ("bad-setting", 1, 22)),
        ("-- koonj: retries 1.5\nSELECT 1;", ("bad-setting", 1, 11)),
        ("-- koonj: retries 1, retries 2\nSELECT 1;", ("repeated-setting", 1, 22)),
    ],
)
def test_wrong_comment_gives_a_problem(text: str, problem: tuple[str, int, int]) -> None:
    assert codes(parse(text)) == [problem]


def test_suspicious_comment_is_only_a_warning() -> None:
    for text in ("SELECT (\n-- Rollback: x\n1);", "SELECT 1;\n-- down\n"):
        assert [problem.severity for problem in parse(text).problems] == [Severity.WARNING]


@pytest.mark.parametrize(
    ("line", "settings"),
    [
        ("-- koonj: lock_timeout 500ms", [("lock_timeout", "500ms")]),
        ("-- koonj: max_stall 200ms", [("max_stall", "200ms")]),
        ("--KOONJ: Lock_Timeout = '1.5 min'", [("lock_timeout", "1.5 min")]),
        ("-- koonj: statement_timeout 0, retries 3", [("statement_timeout", "0"), ("retries", "3")]),
    ],
)
def test_settings_are_read(line: str, settings: list[tuple[str, str]]) -> None:
    sections = parse(f"-- Prose.\n{line}\nSELECT 1;")
    assert [(setting.name, setting.value) for setting in sections.settings] == settings
    assert sections.description == "Prose."
    assert sections.problems == ()


def test_description_keeps_paragraphs_and_drops_rulers() -> None:
    text = "-- ======\n-- 1_x.sql\n--\n-- One\n--   two.\n\n\n/* Three\n * four */\n-- ------\nSELECT 1; -- not this"
    assert parse(text).description == "One\n  two.\n\nThree\nfour"


def test_file_of_comments_has_only_a_description() -> None:
    sections = parse("-- Nothing yet.\n")
    assert (sections.description, sections.body.statements, sections.rollback) == ("Nothing yet.", (), None)


def test_many_false_markers_are_skipped_in_linear_time() -> None:
    lines = "-- Rollback: no\n" * 20_000
    sections = parse(f"DO $$\n{lines}$$;\n{'SELECT (1' + lines + ');'}\n-- Rollback:\n-- SELECT 2;")
    assert sections.rollback_line == 40_004
    assert len(sections.body.statements) == 2


@given(st.text(alphabet="-/* \n\rRrollback:none;'$()kj x", max_size=200) | st.text())
def test_any_text_has_sections(text: str) -> None:
    sections = parse(text)
    for problem in sections.problems:
        assert problem.line is not None
        assert problem.line <= sections.source.line_count
        assert problem.hint


LINES = st.lists(
    st.text(alphabet=st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=20),
    max_size=8,
)


@given(LINES)
def test_any_script_is_unchanged_in_comments(lines: list[str]) -> None:
    """Check that text after '-- ' is read back unchanged."""
    block = "".join(f"-- {line}\n" for line in lines)
    sections = parse(f"SELECT 1;\n-- Rollback:\n{block}")
    if sections.rollback is not None and not any(p.code == "second-rollback" for p in sections.problems):
        assert sections.rollback.source.text == "".join(f"{line}\n" for line in lines)
