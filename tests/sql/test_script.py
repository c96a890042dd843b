"""Tests for scripts: statements, COPY rows, meta-commands, and problems."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from koonj.sql.lexer import split
from koonj.sql.script import Script
from koonj.sql.sections import parse

PIECES = st.lists(
    st.sampled_from(
        ["begin;", "commit;", "select 1", ";", "\n", "\r\n", "\r", " ", "'", '"', "$$", "--", "-- x\n", "/*", "*/", "(",
         ")", "\\;", "\\echo x", "\\g\n", "\\i f\n", "copy t from stdin;\n", "1\t2\n", "\\.\n", "\ufeff", "é", "表",
         "create function f() begin atomic ", "end;", "-- Rollback:", "-- koonj: retries 1", "\n-- ", "\0", "none: x"]
    )
).map("".join)  # fmt: skip


def codes(script: Script) -> list[tuple[str, int | None, int | None]]:
    return [(problem.code, problem.line, problem.column) for problem in script.problems]


def test_statements_are_numbered_and_empty_ones_omitted() -> None:
    script = Script.of_body("-- a\nBEGIN;;\n;/* b */;\n  SELECT 1 ; -- c\n\nCOMMIT")
    assert [(s.index, s.text, s.line, s.column) for s in script.statements] == [
        (1, "BEGIN;", 2, 1),
        (2, "SELECT 1 ;", 4, 3),
        (3, "COMMIT", 6, 1),
    ]
    assert script.problems == ()


def test_the_place_of_a_statement_is_its_first_word() -> None:
    script = Script.of_body("/* a\n b */\n  SELECT 1;")
    (only,) = script.statements
    assert (only.line, only.column) == (3, 3)
    assert script.locate(only.start) == (1, 1)


def test_byte_order_mark_and_line_ends() -> None:
    for end in ("\n", "\r\n", "\r"):
        script = Script.of_body(f"\ufeffSELECT 1;{end}{end}  SELECT 2;")
        assert [(s.text, s.line, s.column) for s in script.statements] == [
            ("SELECT 1;", 1, 1),
            ("SELECT 2;", 3, 3),
        ]


def test_rows_of_a_copy_belong_to_their_statement() -> None:
    script = Script.of_body(
        "COPY a FROM stdin;\n1\n2\n\\.\nCOPY b FROM stdin; COPY c (x) FROM stdin;\nb\n\\.\nc\n\\.\nSELECT 1;"
    )
    assert [(s.summary, b"".join(script.data(s))) for s in script.statements] == [
        ("copy a from stdin", b"1\n2\n"),
        ("copy b from stdin", b"b\n"),
        ("copy c from stdin", b"c\n"),
        ("select", b""),
    ]
    assert script.statements[-1].copy_data is None


def test_rows_come_in_chunks_of_at_most_64_kib() -> None:
    rows = "表\t'x'\n" * 50_000
    script = Script.of_body(f"COPY a FROM stdin;\n{rows}\\.\n")
    chunks = list(script.data(script.statements[0]))
    assert b"".join(chunks) == rows.encode()
    assert len(chunks) > 1
    assert max(map(len, chunks)) <= 64 * 1024


def test_a_copy_without_rows_has_none() -> None:
    script = Script.of_body("COPY a FROM stdin;")
    assert script.statements[0].copy_data is not None
    assert list(script.data(script.statements[0])) == []


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("\nSELECT 'a;\n", (2, 8)),
        ('SELECT "a', (1, 8)),
        ("SELECT 1; /* a /* b */", (1, 11)),
        ("DO\n$x$ a $$ ", (2, 1)),
        ("SELECT (1;\nSELECT 2;", (1, 8)),
        ("CREATE FUNCTION f() RETURNS int\nBEGIN ATOMIC SELECT 1;", (2, 1)),
    ],
)
def test_unterminated_problem_has_the_place_of_the_opening(text: str, at: tuple[int, int]) -> None:
    assert codes(Script.of_body(text)) == [("unterminated", *at)]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1;\n  COPY a FROM stdin;\n1\n",
        "SELECT 1;\n  COPY a FROM stdin;",
        "SELECT 1;\n  COPY a FROM stdin; SELECT 2;\n1\n \\.\n",
        "SELECT 1;\n  COPY a FROM stdin; -- rows\n1\n\\. \n",
        "SELECT 1;\n  COPY a FROM stdin\n",
    ],
)
def test_rows_without_an_end_are_a_problem_at_their_copy(text: str) -> None:
    assert codes(Script.of_body(text)) == [("unterminated", 2, 3)]


def test_second_rows_without_an_end_are_a_problem_at_the_second_copy() -> None:
    text = "COPY a FROM stdin; COPY b FROM stdin;\n1\n\\.\n2\n"
    assert codes(Script.of_body(text)) == [("unterminated", 1, 20)]


@pytest.mark.parametrize("rows", ["1\n\\.", "\\.\n", "1\r\n\\.\r\nSELECT 1;"])
def test_rows_with_an_end_are_no_problem(rows: str) -> None:
    assert Script.of_body(f"COPY a FROM stdin;\n{rows}").problems == ()


def test_missing_last_semicolon_is_no_problem() -> None:
    assert Script.of_body("SELECT 1; SELECT 2 -- the last\n").problems == ()


def test_nul_byte_is_a_problem() -> None:
    assert codes(Script.of_body("SELECT 1;\nSELECT '\0';")) == [("nul-byte", 2, 9)]


@pytest.mark.parametrize(
    "text",
    [
        "\\echo done\nSELECT 1;",
        "\\echo 'it''s' \"x\" :y\n",
        "\\set ON_ERROR_STOP on\n",
        "\\set ON_ERROR_STOP 1\n",
        "\\set ON_ERROR_STOP\n",
        "\\set ON_ERROR_STOP 'TRUE'\n",
        "\\restrict abc\nSELECT 1;\n\\unrestrict abc\n\\echo x\n",
    ],
)
def test_allowed_meta_command_is_no_problem(text: str) -> None:
    assert Script.of_body(text).problems == ()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("\\i other.sql", "into this one"),
        ("\\copy t from 'x'", "COPY … FROM stdin"),
        ("SELECT 'x' \\gexec", "DO block"),
        ("SELECT 1 \\g", "';'"),
        ("SELECT 1 AS x \\gset", "';'"),
        ("\\set x 1", "value"),
        ("\\set ON_ERROR_STOP off", "first error"),
        ("\\set ON_ERROR_STOP :x", "first error"),
        ("\\unset ON_ERROR_STOP", "first error"),
        ("\\echo `id`", "text instead"),
        ("\\! rm -rf /", "shell"),
        ("\\connect x", "target"),
        ("\\if true", "DO block"),
        ("\\q", "Delete it"),
        ("\\pset x", "Delete it"),
        ("\\qecho x", "RAISE NOTICE"),
        ("\\restrict", "\\unrestrict"),
        ("\\unrestrict abc", "Delete it"),
        ("\\ECHO x", "Delete it"),
    ],
)
def test_refused_meta_command_is_a_problem_with_a_hint(text: str, word: str) -> None:
    (problem,) = Script.of_body(f"SELECT 0;\n {text}\n").problems
    assert problem.code == "meta-command"
    assert problem.line == 2
    assert problem.column == 2 + text.index("\\")
    assert word in problem.hint


def test_between_restrict_and_unrestrict_no_meta_command_is_allowed() -> None:
    text = "\\restrict abc\n\\echo x\n\\unrestrict xyz\n\\unrestrict abc\n\\echo y\n"
    assert codes(Script.of_body(text)) == [("meta-command", 2, 1), ("meta-command", 3, 1)]


def test_control_characters_are_not_in_the_message() -> None:
    (problem,) = Script.of_body("\\\u202e\x1b[31m x").problems
    assert "\x1b" not in problem.message
    assert "\u202e" not in problem.message


def test_a_batch_is_one_statement() -> None:
    script = Script.of_body("SELECT 'a;' \\; INSERT INTO t VALUES (1)\\;;\n")
    (only,) = script.statements
    assert only.text == "SELECT 'a;' ; INSERT INTO t VALUES (1);;"
    assert only.summary == "select and 1 more in one message"
    assert script.problems == ()


@pytest.mark.parametrize(
    "part", ["BEGIN", "VACUUM", "COPY t FROM stdin", "CREATE INDEX CONCURRENTLY ON t (a)"]
)
def test_batch_with_a_statement_that_must_be_separate_is_a_problem(part: str) -> None:
    assert codes(Script.of_body(f"\n SELECT 1 \\; {part};")) == [("batch", 2, 2)]


def test_locate_in_finds_the_place_inside_a_batch() -> None:
    script = Script.of_body("SELECT 1\\;\n SELECT x\\; SELECT y;")
    (only,) = script.statements
    assert script.locate_in(only, only.text.index("x")) == (2, 9)
    assert script.locate_in(only, only.text.index("y")) == (2, 20)
    assert script.locate_in(only, len(only.text)) == (2, 22)


def test_copy_to_stdout_is_a_problem() -> None:
    assert codes(Script.of_body("COPY t TO stdout;")) == [("copy-to-stdout", 1, 1)]
    assert codes(Script.of_body("COPY (SELECT 1) TO STDOUT;")) == [("copy-to-stdout", 1, 1)]
    assert Script.of_body("COPY t TO '/x'; COPY t FROM PROGRAM 'x';").problems == ()


def test_psql_variables_are_unchanged() -> None:
    script = Script.of_body("SELECT :x, :'y', :\"z\";")
    assert script.statements[0].text == "SELECT :x, :'y', :\"z\";"
    assert script.problems == ()


@given(PIECES | st.text())
@example("\\;\\echo x")
@example("-\\echo x\n- y")
def test_any_text_keeps_its_statements(text: str) -> None:
    script = Script.of_body(text)
    sent = [statement.text for statement in script.statements]
    of_lexer = iter(split(text))
    assert all(any(statement == other for other in of_lexer) for statement in sent), (
        "the same, in the same order"
    )
    for statement in script.statements:
        assert statement.text
        list(script.data(statement))


@given(PIECES)
@example("\ufeff-- Rollback:begin;")
@example("-- Rollback:begin;\r\\g\n-- commit;")
@example("-- Rollback:\ufeffbegin;")
def test_every_place_maps_back_to_the_file(text: str) -> None:
    """Check that a statement's place in the file shows the statement, in both scripts."""
    sections = parse(text)
    lines = [sections.source.line(n + 1) for n in range(sections.source.line_count)]
    lines[0] = lines[0].removeprefix("\ufeff")
    for script in (sections.body, sections.rollback):
        if script is None:
            continue
        for statement in script.statements:
            for index, character in enumerate(statement.text):
                line, column = script.locate_in(statement, index)
                assert character in " \r\n" or lines[line - 1][column - 1] == character
                if len(statement.spans) == 1:
                    assert script.locate(statement.start + index) == (line, column)
            assert lines[statement.line - 1][statement.column - 1 :].strip()
