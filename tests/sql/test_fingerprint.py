"""Tests for fingerprints: only cosmetic edits keep the hash of the statements."""

from hashlib import sha256

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from koonj.sql.file_hash import file_hash
from koonj.sql.fingerprint import Fingerprints, of, script_hash
from koonj.sql.script import Script
from koonj.sql.sections import parse
from koonj.sql.tokens import significant

NOTHING = sha256(b"").hexdigest()


def prints(text: str) -> Fingerprints:
    return of(text.encode(), parse(text))


def statements(text: str) -> str:
    return prints(text).statements


def test_file_hash_covers_the_raw_bytes() -> None:
    raw = b"\xff\xfe\0 not UTF-8"
    assert file_hash(raw) == sha256(raw).hexdigest()
    assert prints("SELECT 1").file == sha256(b"SELECT 1").hexdigest()


def test_empty_scripts_have_the_hash_of_nothing() -> None:
    assert prints("-- only prose\n").statements == NOTHING
    assert prints("SELECT 1;").rollback == NOTHING
    assert prints("SELECT 1;\n-- Rollback: none: x").rollback == NOTHING


A = "BEGIN;\nCREATE TABLE t (a int, b text DEFAULT 'x y');\nCOMMIT;\n"


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + A,
        A.replace("\n", "\r\n"),
        A.replace("\n", "\r"),
        "-- prose\n\n" + A.replace(";", " ; /* c */ "),
        A.replace(";\n", ";;\n;"),
        A.rstrip().removesuffix(";"),
        A.replace("(a", " ( \ta").replace(",", " -- one\n,"),
        A + "\n-- Rollback:\n-- DROP TABLE t;",
        "-- koonj: lock_timeout 1s\n" + A,
        "\\echo hello\n" + A,
    ],
)
def test_cosmetic_edit_keeps_the_hash(text: str) -> None:
    assert statements(text) == statements(A)


@pytest.mark.parametrize(
    "text",
    [
        A.replace("int", "bigint"),
        A.replace("'x y'", "'x  y'"),
        A.replace("'x y'", "'x' 'y'"),
        A.replace("'x y'", "'x'' y'"),
        A.replace("CREATE", "create"),
        A.replace("(a", '("a"'),
        A.replace("BEGIN;\n", ""),
        A.replace(";", "\\;"),
        A.replace(", b", ",; b"),
        A.replace("COMMIT", "COMMIT COMMIT"),
        A + "SELECT 1;",
        "",
    ],
)
def test_other_edit_changes_the_hash(text: str) -> None:
    assert statements(text) != statements(A)


FUNCTION = "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$\nSELECT 1\n$$;\nSELECT 'a\nb', \"c\nd\";\n"


def test_windows_line_ends_inside_a_token_keep_the_hash() -> None:
    windows = FUNCTION.replace("\n", "\r\n")
    rollback = "-- Rollback:\n-- SELECT 'a\n-- b';\n"
    assert prints(windows).statements == prints(FUNCTION).statements
    assert prints(rollback).rollback == prints(rollback.replace("\n", "\r\n")).rollback
    off = "SET standard_conforming_strings = off;\n" + FUNCTION
    assert statements(off) == statements(off.replace("\n", "\r\n"))
    exact = [script_hash(parse(text).body, fold=False) for text in (windows, FUNCTION)]
    assert exact[0] != exact[1] == prints(FUNCTION).statements


@pytest.mark.parametrize("end", ["\r", "\n\n", " \n", "\\r\n"])
def test_other_change_inside_a_token_changes_the_hash(end: str) -> None:
    assert statements(FUNCTION.replace("SELECT 1\n", f"SELECT 1{end}")) != statements(FUNCTION)


def test_different_tokens_have_different_hashes() -> None:
    texts = [
        "a b",
        "ab",
        "a.b",
        '"a" b',
        "'a' 'b'",
        "'a''b'",
        "'ab'",
        "a; b",
        "a\\; b",
        "- -1",
        "$$a$$",
        "$x$a$x$",
        "E'a'",
    ]
    assert len({statements(text) for text in texts}) == len(texts)


def test_every_character_counts_after_a_change_of_string_rules() -> None:
    off = "SET standard_conforming_strings = off;\n"
    assert statements(off + "SELECT 'a\\' b';") != statements(off + "SELECT 'a\\'  b';")
    assert statements("-- x\n" + off) == statements(off)


def test_rows_of_a_copy_count() -> None:
    text = "COPY t FROM stdin;\n1\tx\n2\ty\n\\.\nSELECT 1;\n"
    same = [text.replace("\n", "\r\n"), text.replace("COPY t", "COPY -- c\n t")]
    other = [
        text.replace("\t", " "),
        text.replace("2\ty\n", ""),
        text.replace("y\n", "y\n\n"),
        text.replace("x", "z"),
    ]
    assert {statements(one) for one in same} == {statements(text)}
    assert statements(text) not in {statements(one) for one in other}
    assert len({statements(one) for one in other}) == len(other)


def test_rollback_has_a_separate_hash() -> None:
    one, other = (
        prints(f"SELECT 1;\n-- Rollback:\n{block}") for block in ("-- SELECT 2;", "--  SELECT\n--2 -- x")
    )
    assert one.rollback == other.rollback == statements("SELECT 2;") != NOTHING
    assert one.statements == other.statements
    assert one.file != other.file


TOKENS = st.sampled_from(
    ["select", "a", "A", '"a"', "'a'", "'a''b'", "E'\\n'", "$$ b $$", "$x$;$x$", "1", "1.5", "(", ")", ",", "+", "->", "::",
     ".", "[", "]", "B'01'", "é", "U&'a'", "=", "-", "$1", ";"]
)  # fmt: skip
GAPS = st.sampled_from(
    [" ", "\n", "\r\n", "\t", " -- c; '\n", "/* ' */", " /* /* x */ ; */ ", "\f", "\n\n--\n"]
)


@given(st.lists(TOKENS, min_size=1), st.data())
def test_text_between_tokens_does_not_change_the_hash(words: list[str], data: st.DataObject) -> None:
    plain = " ".join(words)
    gapped = "".join(word + data.draw(GAPS) for word in words)
    assert statements(gapped) == statements(plain)
    assert statements(data.draw(GAPS) + gapped.lstrip()) == statements(plain)


@given(st.lists(TOKENS, min_size=1), st.lists(TOKENS, min_size=1))
def test_other_tokens_change_the_hash(one: list[str], other: list[str]) -> None:
    first, second = (Script.of_body(" ".join(words)) for words in (one, other))
    meanings = [
        [[t.text for t in significant(s.text.rstrip("; "))] for s in x.statements] for x in (first, second)
    ]
    assume(meanings[0] != meanings[1])
    assert statements(" ".join(one)) != statements(" ".join(other))


@given(st.text())
def test_any_text_has_fingerprints(text: str) -> None:
    of(text.encode(errors="surrogatepass"), parse(text))
