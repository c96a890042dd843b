"""SQL as coloured lines: colours change no text, and every part of a long text can be coloured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.tui.documents.chunks import Segment, SegmentKind, segments
from koonj.tui.documents.highlighting import Highlighting
from koonj.tui.documents.line_index import BLOCK, LineIndex
from koonj.tui.documents.sql_text import SqlText
from koonj.tui.theme import PLAIN, token_style
from koonj.tui.toolkit.strips import Part

TEXTS = [
    "SELECT 1;\nSELECT 2;",
    "a\r\nb\rc\n",
    "DO $x$\nBEGIN\n  RAISE NOTICE 'hi';\nEND\n$x$;\nSELECT 'a\nb', \"c\nd\" /* e\nf */;\n",
    "SELECT 'unterminated\nstring",
    "COPY t FROM stdin;\n1\tSELECT\n\\.\nSELECT 1;\n",
    "\tx\n\n\n",
]


def coloured(sql: SqlText, first: int, last: int) -> list[list[Part]]:
    """Return the lines with all colours."""
    while not sql.highlight(first, last):
        pass
    return [sql.line(index) for index in range(first, last + 1)]


def split_up(text: str) -> SqlText:
    return SqlText(text, 1, Highlighting(text, segments(text), end=len(text)))


def styled(parts: list[Part]) -> list[str]:
    return [text for text, style in parts if style is not PLAIN]


@pytest.mark.parametrize("text", TEXTS)
def test_colours_change_no_text(text: str) -> None:
    sql, plain = split_up(text), SqlText(text)
    for index, parts in enumerate(coloured(sql, 0, len(sql) - 1)):
        assert "".join(piece for piece, _ in parts) == "".join(piece for piece, _ in plain.line(index))


def test_keywords_in_dollar_quotes_are_coloured() -> None:
    sql = SqlText("DO $x$\nBEGIN\n  NULL;\nEND\n$x$;\n")
    assert styled(coloured(sql, 0, 4)[1]) == ["BEGIN"]


@given(st.text(alphabet="ab\r\n"), st.integers(0, 3))
def test_lines_are_those_of_postgresql(text: str, odd: int) -> None:
    text += "x" * (BLOCK - odd) + "\r\n" + text
    expected = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    lines = LineIndex(text)
    assert [lines.line(index) for index in range(len(lines))] == expected
    assert all(lines.line_at(lines.start(index)) == index for index in range(len(lines)))


def test_empty_text_has_one_empty_line() -> None:
    assert [LineIndex("").line(index) for index in range(len(LineIndex("")))] == [""]


def test_end_of_a_long_text_is_coloured_without_its_start() -> None:
    sql = split_up("INSERT INTO t VALUES ('it''s', 1);\n" * 20_000 + "SELECT 'the end';\n")
    assert styled(coloured(sql, 20_000, 20_000)[0]) == ["SELECT", "'", "the end", "'"]


def test_copy_rows_are_not_highlighted_as_sql() -> None:
    sql = split_up("COPY t (a) FROM stdin;\n" + "SELECT\tfrom\n" * 9 + "\\.\nSELECT 1;\n")
    rows = coloured(sql, 0, 11)
    assert [style for _, style in rows[1]] == [style for _, style in rows[9]]
    assert styled(rows[11])[0] == "SELECT"


def test_long_routine_body_is_coloured_in_its_language() -> None:
    body = "  IF x THEN RAISE NOTICE 'hi'; END IF;\n" * 4_000
    sql = split_up(
        f"CREATE FUNCTION f() RETURNS void AS $f$\nBEGIN\n{body}END $f$ LANGUAGE plpgsql;\nSELECT 1;\n"
    )
    assert "RAISE" in styled(coloured(sql, 3_000, 3_000)[0])
    assert styled(coloured(sql, len(sql) - 1, len(sql) - 1)[0])[0] == "SELECT"


def test_long_statement_is_coloured_anywhere() -> None:
    sql = split_up("INSERT INTO t VALUES\n" + "  ('it''s', 1),\n" * 20_000 + "  ('end', 2);\n")
    assert "it" in "".join(styled(coloured(sql, 15_000, 15_000)[0]))


def test_long_string_is_a_string_everywhere() -> None:
    sql = split_up("SELECT '\n" + "SELECT 1;\n" * 4_000 + "';\nSELECT 1;\n")
    [parts] = coloured(sql, 3_000, 3_000)
    assert [text for text, _ in parts] == ["SELECT 1;"]
    assert styled(coloured(sql, len(sql) - 1, len(sql) - 1)[0])[0] == "SELECT"


def test_unknown_text_is_plain_until_its_segments_are_known() -> None:
    text = "SELECT 1;\n" * 10_000
    pieces: list[Segment] = list(segments(text))
    colours = Highlighting(text, [(0, SegmentKind.SQL)], end=100)
    sql = SqlText(text, 1, colours)
    assert styled(coloured(sql, 0, 0)[0])
    assert not styled(coloured(sql, 9_000, 9_000)[0])
    colours.add(pieces[:10], pieces[9][0])
    assert not styled(coloured(sql, 9_000, 9_000)[0])
    colours.add(pieces[10:], len(text))
    assert styled(coloured(sql, 9_000, 9_000)[0]) == ["SELECT", "1"]
    assert styled(coloured(sql, 0, 0)[0])


@given(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=9))
def test_segments_are_in_order_and_cover_the_text(parts: list[str]) -> None:
    text = "\n".join(parts) * 200
    starts = [start for start, _ in segments(text)]
    assert starts == sorted(set(starts))
    assert starts[0] == 0


def test_token_has_the_style_of_its_type() -> None:
    from pygments.token import Keyword  # type: ignore[import-untyped]

    sql = SqlText("SELECT 1;")
    assert coloured(sql, 0, 0)[0][0] == ("SELECT", token_style(Keyword))
