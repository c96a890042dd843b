"""Tests for tokens, compared with the rules of the server's lexer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.sql.tokens import TokenKind, significant, significant_texts, tokens

PIECES = st.lists(
    st.sampled_from(
        ["select", " ", "\n", "'a'", "'", '"', "E'\\'", "$$", "$x$", "--", "/*", "*/", "\\", ";", "(", "1.5", "..",
         "U&'x'", "b'1'", "é", "+", "-", "@", "<>", ":", "::", "$1", "\0", "\ufeff", "x$", "\r", "\t", "n'", "''"]
    )
).map("".join)  # fmt: skip


def texts(sql: str) -> list[str]:
    return [token.text for token in significant(sql)]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("a=-1", ["a", "=", "-", "1"]),
        ("a @- 1", ["a", "@-", "1"]),
        ("a->>'b'", ["a", "->>", "'b'"]),
        ("a<--b\n+c", ["a", "<", "+", "c"]),
        ("a*/*c*/b", ["a", "*", "b"]),
        ("a- -b", ["a", "-", "-", "b"]),
        ("x::int", ["x", "::", "int"]),
        ("x:y", ["x", ":", "y"]),
        ("f(a => 1)", ["f", "(", "a", "=>", "1", ")"]),
        ("1..2", ["1", "..", "2"]),
        (".5 1.5e-3 0xFF 1_000", [".5", "1.5e-3", "0xFF", "1_000"]),
        ("$1 $a$ ' $a$ x$y$", ["$1", "$a$ ' $a$", "x$y$"]),
        ("'it''s' 'a' 'b'", ["'it''s'", "'a'", "'b'"]),
        (r"'\' E'\'' e'\\' N'\'", [r"'\'", r"E'\''", r"e'\\'", r"N'\'"]),
        ("""U&'\\0' u&"a" "a""b" X'1F' b'01'""", ["U&'\\0'", 'u&"a"', '"a""b"', "X'1F'", "b'01'"]),
        ("/* a /* b */ c */ d -- e\nf", ["d", "f"]),
        ("größe 表", ["größe", "表"]),
        ("a\u00a0b", ["a\u00a0b"]),
        ("'open", ["'open"]),
        ("$$open ; --", ["$$open ; --"]),
    ],
)
def test_significant_yields_tokens_without_blanks_and_comments(sql: str, expected: list[str]) -> None:
    assert texts(sql) == expected


def test_tokens_have_kinds() -> None:
    found = {t.text: t.kind for t in tokens("select \"n\" 'x' $$y$$ 1 $1 + ( /* c */ -- d")}
    assert found == {
        "select": TokenKind.WORD,
        " ": TokenKind.BLANK,
        '"n"': TokenKind.QUOTED,
        "'x'": TokenKind.STRING,
        "$$y$$": TokenKind.STRING,
        "1": TokenKind.NUMBER,
        "$1": TokenKind.PARAMETER,
        "+": TokenKind.OPERATOR,
        "(": TokenKind.PUNCTUATION,
        "/* c */": TokenKind.COMMENT,
        "-- d": TokenKind.COMMENT,
    }


def test_backslash_escapes_when_standard_conforming_strings_is_off() -> None:
    assert [t.text for t in significant(r"'\'' x U&'\' N'\''", backslashes=True)] == [
        r"'\''",
        "x",
        r"U&'\'",
        r"N'\''",
    ]


@given(st.text() | PIECES)
def test_joined_tokens_equal_the_text(sql: str) -> None:
    for backslashes in (False, True):
        found = list(tokens(sql, backslashes=backslashes))
        assert "".join(token.text for token in found) == sql
        assert all(sql[token.start : token.end] == token.text for token in found)
        assert all(token.text for token in found)


@given(st.text() | PIECES)
def test_significant_texts_equals_significant(sql: str) -> None:
    meant = [t.text for t in tokens(sql) if t.kind not in {TokenKind.BLANK, TokenKind.COMMENT}]
    assert list(significant_texts(sql)) == texts(sql) == meant


@given(PIECES, st.integers(0, 5))
def test_tokens_start_in_the_middle_of_the_text(sql: str, count: int) -> None:
    found = list(tokens(sql))[: count + 1]
    if found:
        assert list(tokens(sql, found[-1].end)) == list(tokens(sql))[count + 1 :]


@pytest.mark.parametrize("piece", ["+", "-+", "'", "''", " ", "/*", "$a", '"', "@", "1.", "e'\\'"])
def test_repeated_pieces_are_read_in_linear_time(piece: str) -> None:
    text = piece * 30_000
    assert "".join(t.text for t in tokens(text)) == text
    assert sum(map(len, significant_texts(text))) <= len(text)


def test_many_comments_in_a_row_are_skipped() -> None:
    text = "-- it's; \"\n" * 1000 + "SELECT 1 -- '"
    assert list(significant_texts(text)) == ["SELECT", "1"]
    assert [token.text for token in significant(text)] == ["SELECT", "1"]
    assert "".join(token.text for token in tokens(text)) == text
