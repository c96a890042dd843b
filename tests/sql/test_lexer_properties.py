"""Test properties of the lexer that hold for any text."""

import re
from itertools import pairwise
from unittest.mock import patch

from hypothesis import example, given
from hypothesis import strategies as st

from koonj.sql.lexer import ItemKind, rules, scan, split

CHARACTERS = "'\"$;()\\:-/*.\n\r eEbBuU&x1_é\ufeff"
PIECES = [
    "$a$", "/*", "*/", "--", "\\;", "begin ", "end ", "create function f() ", "copy t from stdin;", "\n\\.\n", "\\echo ",
    "\\copy t from stdin\n", "set standard_conforming_strings=off;\n",
]  # fmt: skip
NASTY = st.sampled_from([*CHARACTERS, *PIECES])
TEXTS = st.lists(NASTY, max_size=60).map("".join) | st.text()

# Between the items there is only text that psql omits: blanks, comments, the byte-order mark, the backslash of
# \; and \:, and the line after the rows of a COPY.
OMITTED = re.compile(r"(?:[ \t\n\r\f\v\ufeff]|--[^\n\r]*|\\(?=[;:]|\Z)|^\\\.\r?$)*", re.MULTILINE)


@given(TEXTS | st.text(st.characters(codec=None)))
def test_any_text_is_read_to_its_end(text: str) -> None:
    for item in scan(text):
        assert 0 <= item.start <= item.end <= len(text)
        assert len(item.text) <= len(text)
        assert (item.unterminated is None) == (item.opened_at is None)
        if item.opened_at is not None:
            word = str(item.unterminated).split(maxsplit=1)[0]
            assert text[item.opened_at :].lower().startswith(word.lower())


@given(TEXTS)
def test_no_text_is_lost_or_repeated(text: str) -> None:
    items = list(scan(text))
    if {item.name for item in items} & {"r", "reset", "q", "quit", "g"}:
        return
    spans = sorted(span for item in items for span in item.spans if span[0] < span[1])
    at = 0
    for start, end in [*spans, (len(text), len(text))]:
        assert at <= start
        assert OMITTED.fullmatch(text, at, start), text[at:start]
        at = end


@given(TEXTS)
def test_items_are_in_order(text: str) -> None:
    statements = [item for item in scan(text) if item.kind is ItemKind.STATEMENT]
    others = [item for item in scan(text) if item.kind is not ItemKind.STATEMENT]
    for found in (statements, others):
        assert all(one.end <= other.start for one, other in pairwise(found))
    assert split(text) == [item.text for item in statements]


@given(TEXTS)
def test_each_sent_character_has_an_offset(text: str) -> None:
    for item in scan(text):
        sent = item.text
        assert [text[item.offset_of(index)] for index in range(len(sent))] == list(sent)


@given(TEXTS)
def test_statement_before_the_text_does_not_change_the_split(text: str) -> None:
    text = text.lstrip("\ufeff")
    assert split("select 1;\n" + text) == ["select 1;", *split(text)]


PARTS_OF_STATEMENTS = [
    "select ", "update t set a ", "create ", "create table t ", "or replace ", "function f() ", "procedure p() ", "set ",
    "reset all", "copy t from stdin", "begin atomic select 1; end", ";", ";\n", "(", ")", "((1), 2)", "'a;'", "e'\\';'", "1e",
    "1e--;\n", "--;\n", "a$b", "$1", '"e"', "-", "/", "/*;*/", "\r", "''", ":e", "u&'x;'", "\\;", "\\g\n", "\n1\n\\.\n",
    "set standard_conforming_strings=off;\n",
]  # fmt: skip


@given(st.lists(st.sampled_from(PARTS_OF_STATEMENTS), max_size=30).map("".join) | TEXTS)
@example("create function f() begin atomic select 1; end;")
@example("create or replace procedure p() begin atomic select 1; end;")
@example("copy t from stdin; select 2;\n1;\n\\.\n")
@example("set standard_conforming_strings = off;\nselect '\\';';")
@example("set standard_conforming_strings = off; select 1;\nselect '\\';';")
@example("set standard_conforming_strings = off;\nselect 1;\nselect 2; select '\\';';")
@example("select $a$;$a$;")
@example("select e'\\';';")
@example("select 1e--;")
@example("select 'it''s;';")
@example('select """;";')
@example("select /*;*/ 1;")
@example("select (1;);")
def test_usual_statement_is_read_as_event_by_event(text: str) -> None:
    never = re.compile("(?!)")
    with patch.object(rules, "usual_statement", lambda _watched: never):
        expected = list(scan(text))
    assert list(scan(text)) == expected
