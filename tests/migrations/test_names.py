"""The parts of a file name: number, digits and slug."""

import pytest

from koonj.migrations.names import file_name, name_parts, number_words


@pytest.mark.parametrize(
    ("name", "parts", "words"),
    [
        ("016_add_status.sql", ("016", "add_status"), "016"),
        ("0016_a.sql", ("0016", "a"), "0016"),
        ("016.sql", ("", "016.sql"), "016.sql"),
        ("16-add_status.sql", ("", "16-add_status.sql"), "16-add_status.sql"),
        ("add_status.sql", ("", "add_status.sql"), "add_status.sql"),
        ("\u0661\u0666_add.sql", ("", "\u0661\u0666_add.sql"), "\u0661\u0666_add.sql"),
        ("_add.sql", ("", "_add.sql"), "_add.sql"),
        ("", ("", ""), ""),
    ],
)
def test_name_has_number_and_slug_or_only_slug(name: str, parts: tuple[str, str], words: str) -> None:
    assert name_parts(name) == parts
    assert number_words(name) == words


def test_number_of_a_file_name_has_at_least_these_digits() -> None:
    assert file_name(7, 3, "add") == "007_add.sql"
    assert file_name(1234, 3, "add") == "1234_add.sql"
