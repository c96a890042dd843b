"""Test properties of the lexer that hold for any text."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from koonj.sql.lexer import ItemKind, scan, split

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
