"""What koonj's editor opens: limits of size and of a line, and files that it could not restore exactly."""

import pytest

from koonj.tui.documents.edit_buffer import FileText, NotEditable


def test_a_file_at_the_limits_is_opened_and_restored() -> None:
    raw = (b"x" * 20_000 + b"\n") * 99
    assert len(raw) <= 2_000_000
    made = FileText.from_bytes(raw)
    assert made.to_bytes(made.text) == raw
    assert FileText.from_bytes((b"x" * 99 + b"\n") * 20_000).text


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_line_above_the_limit_is_refused(end: bytes) -> None:
    assert FileText.from_bytes(b"a" + end + b"x" * (20_000 - (0 if end else 1)) + end)
    with pytest.raises(NotEditable, match="a line of more than 20000 characters"):
        FileText.from_bytes(b"a" + end + b"x" * 20_001 + end)


def test_a_file_above_the_limit_is_refused() -> None:
    with pytest.raises(NotEditable, match="too large for this editor"):
        FileText.from_bytes((b"x" * 99 + b"\n") * 20_000 + b"\n")


@pytest.mark.parametrize("raw", [b"a\r\nb\n", b"a\rb\n", b"a\xff\n"])
def test_a_file_that_could_not_be_restored_is_refused(raw: bytes) -> None:
    with pytest.raises(NotEditable):
        FileText.from_bytes(raw)


@pytest.mark.parametrize("raw", [b"", b"a", b"a\n", b"a\r\nb\r\n", b"a\rb", b"\xef\xbb\xbfa\n"])
def test_line_ends_and_byte_order_mark_are_restored(raw: bytes) -> None:
    made = FileText.from_bytes(raw)
    assert made.to_bytes(made.text) == raw
