"""The comment with the file's name in the first line, when a file is renamed."""

import pytest

from koonj.migrations.file_rename import FileRename
from koonj.migrations.name_comment import first_line, with_new_name

RENAME = FileRename("007_a.sql", "008_a.sql")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"-- 007_a.sql\nSELECT 1;\n", b"-- 008_a.sql\nSELECT 1;\n"),
        (b"--\t007_a.sql  \r\nSELECT '007_a.sql';\r\n", b"--\t008_a.sql  \r\nSELECT '007_a.sql';\r\n"),
        (b"\xef\xbb\xbf--007_a.sql\n", b"\xef\xbb\xbf--008_a.sql\n"),
        (b"-- 007_a.sql", b"-- 008_a.sql"),
        (b"-- 007_a.sql\n-- 007_a.sql\n\xff", b"-- 008_a.sql\n-- 007_a.sql\n\xff"),
        (b"-- 007_a.sql adds a table\n", None),
        (b"-- 006_a.sql\n", None),
        (b"\n-- 007_a.sql\n", None),
        (b"/* 007_a.sql */\n", None),
        (b"SELECT 1; -- 007_a.sql\n", None),
        (b"", None),
    ],
)
def test_only_a_first_line_that_is_the_name_follows(before: bytes, after: bytes | None) -> None:
    assert with_new_name(before, RENAME) == after


def test_a_file_that_keeps_its_name_keeps_its_first_line() -> None:
    assert first_line(b"-- 007_a.sql\n", FileRename("007_a.sql", "007_a.sql")) is None


def test_first_line_is_shown_without_the_byte_order_mark() -> None:
    assert first_line(b"\xef\xbb\xbf-- 007_a.sql\r\nSELECT 1;", RENAME) == "-- 008_a.sql"
