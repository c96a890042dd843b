"""Tests for names, compared with the server's quoting and truncation."""

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.patterns.keywords import KEYWORDS
from koonj.patterns.names import (
    LONGEST,
    RefusedError,
    cut,
    quote,
    read_list,
    read_name,
    read_qualified,
)
from koonj.patterns.sql_text import keys
from koonj.sql.typed_names import as_typed, as_typed_key, typed_name

TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=20)
NAME = st.one_of(
    TEXT, st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_$]{0,9}", fullmatch=True), st.sampled_from(sorted(KEYWORDS))
)


@pytest.mark.parametrize("word", ["Orders", "ORDERS_2", "ÄBC", "straßeÉ", "_A$b"])
def test_name_without_quotes_is_folded_as_on_the_server(database: str, word: str) -> None:
    with psycopg.connect(database) as connection:
        cursor = connection.execute(f"SELECT 1 AS {word}".encode())
        assert cursor.description is not None
        assert typed_name(word) == cursor.description[0].name


def test_quote_equals_quote_ident(database: str) -> None:
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT word FROM pg_get_keywords() WHERE catcode <> 'U'").fetchall()
        theirs = {word for (word,) in found}
        assert theirs <= KEYWORDS

        @given(NAME.filter(lambda name: name not in KEYWORDS - theirs))  # keywords of newer servers
        def check(name: str) -> None:
            assert connection.execute("SELECT quote_ident(%s)", [name]).fetchone() == (quote(name),)

        check()


@given(NAME)
def test_typed_name_is_read_unchanged(name: str) -> None:
    assert read_name(as_typed(name)) == name
    assert read_qualified(f"{as_typed(name)} . {as_typed(name)}") == (name, name)
    assert read_list(f"{as_typed(name)},{as_typed(name + '!')}") == (name, name + "!")
    assert keys(as_typed_key(name)) == (quote(name),)
    written = '"' + name.replace('"', '""') + '"'
    assert read_qualified(typed_name(f"db.{written}.{written}")) == (name, name)


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("a", ("a",)),
        (" a , Order Items ", ("a", "Order Items")),
        ('"a,b", "say ""x"""', ("a,b", 'say "x"')),
    ],
)
def test_list_of_names_is_read(typed: str, names: tuple[str, ...]) -> None:
    assert read_list(typed) == names


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("a,,b", "A name is missing"),
        ("a,", "A name is missing"),
        ("a.b", "without a schema"),
        ('a"b', "Unexpected double quote"),
        ('"ab', "A name is missing"),
        ('""', "A name cannot be empty"),
        ("a, b, a", "a appears twice"),
        ("ä" * 32, "64 bytes. PostgreSQL silently truncates names to 63"),
    ],
)
def test_invalid_list_is_refused(typed: str, message: str) -> None:
    with pytest.raises(RefusedError, match=message):
        read_list(typed)


def test_list_and_extra_parts_are_refused_for_one_name() -> None:
    with pytest.raises(RefusedError, match="not a list"):
        read_name("a, b")
    with pytest.raises(RefusedError, match="not a list"):
        read_qualified("a, b")
    with pytest.raises(RefusedError, match="a schema and a name at most"):
        read_qualified("a.b.c")


@pytest.mark.parametrize(
    ("table", "column"), [("t" * 63, "c" * 63), ("t" * 30, "ü" * 31), ("€" * 21, "x"), ("ab", "c" * 63)]
)
def test_long_name_is_truncated_as_on_the_server(database: str, table: str, column: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f'CREATE TABLE "{table}" ("{column}" int)'.encode())
        connection.execute(f'CREATE INDEX ON "{table}" ("{column}")'.encode())
        found = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'i' AND relname LIKE '%idx'"
        ).fetchone()
    assert found == (cut([(table, True), ("_", False), (column, True), ("_idx", False)]),)


@given(st.lists(st.tuples(st.text(max_size=80), st.booleans()), max_size=5))
def test_truncated_name_fits_when_its_fixed_parts_fit(parts: list[tuple[str, bool]]) -> None:
    fixed = sum(len(text.encode("utf-8", "replace")) for text, cuttable in parts if not cuttable)
    parts = [(text.encode("utf-8", "replace").decode(), cuttable) for text, cuttable in parts]
    assert len(cut(parts).encode()) <= max(LONGEST, fixed)
