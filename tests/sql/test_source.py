"""Tests for places in a text."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from koonj.sql.source import Position, Source

LINES = st.lists(
    st.sampled_from(["a", "é", "😀", "\n", "\r", "\r\n", "\u2028", "\f", "\ufeff", "日本" * 30]), max_size=80
)
TEXTS = LINES.map("".join) | st.text() | LINES.map(lambda parts: "".join(parts) * 300)


def naive(text: str, offset: int) -> Position:
    """Compute the position by counting from the start."""
    line, start = 1, 0
    for at, character in enumerate(text[:offset]):
        ends = character == "\n" or (character == "\r" and text[at + 1 : at + 2] != "\n")
        if ends:
            line, start = line + 1, at + 1
    return Position(line, offset - start + 1, len(text[:offset].encode()), offset)


@given(TEXTS, st.data())
@example("\r\n\n\r", None)
def test_position_equals_a_naive_count(text: str, data: st.DataObject | None) -> None:
    source = Source(text)
    for _ in range(3):
        offset = data.draw(st.integers(0, len(text))) if data else len(text)
        assert source.position(offset) == naive(text, offset)


@given(TEXTS)
def test_lines_equal_those_of_the_text(text: str) -> None:
    source = Source(text)
    expected = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert [source.line(number) for number in range(1, source.line_count + 1)] == expected


def test_position_between_carriage_return_and_line_feed_is_on_the_first_line() -> None:
    assert Source("ab\r\nc").position(3) == Position(line=1, column=4, byte=3, offset=3)


def test_byte_that_is_not_utf_8_counts_as_one() -> None:
    text = b"a\xff\xc3\xa9b".decode(errors="surrogateescape")
    assert Source(text).position(len(text)).byte == 5


@pytest.mark.parametrize("offset", [-1, 4])
def test_position_raises_when_the_offset_is_outside(offset: int) -> None:
    with pytest.raises(IndexError, match=f"offset {offset} is not in a text of 3 characters"):
        Source("abc").position(offset)


@pytest.mark.parametrize("number", [0, 3])
def test_line_raises_when_the_line_does_not_exist(number: int) -> None:
    with pytest.raises(IndexError, match=f"line {number} is not in a text of 2 lines"):
        Source("a\nb").line(number)
