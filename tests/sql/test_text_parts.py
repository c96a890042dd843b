"""Test finding the constants that SQL text puts into other texts or removes from them."""

from __future__ import annotations

import re

import pytest

from koonj.sql.text_parts import text_parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("UPDATE a SET x = replace(x, '/old/', '/cdn/')", ("/old/", "/cdn/")),
        ("UPDATE a SET x = 'it''s ' || x", ("it's ",)),
        ("UPDATE a SET x = x || '.old'", (".old",)),
        ("UPDATE a SET x = overlay(x PLACING 'NEW' FROM 1 FOR 3)", ("NEW",)),
        ("DO $$ BEGIN UPDATE a SET x = ltrim(x, 'X'); END $$", ("X",)),
        ("UPDATE a SET x = 'new' WHERE x = 'old'", ()),
        ("UPDATE a SET x = replace(x, 'a', '')", ("a",)),
    ],
)
def test_text_parts(text: str, parts: tuple[str, ...]) -> None:
    assert text_parts([text]) == parts


@pytest.mark.parametrize(
    "pattern",
    [r"^\+49", r"\s+", r"\.local$", r"[^0-9+]", r"[0-9]{3}-\d+", r"(a|b)c?", r"[[:space:]]+x", r"^0*"],
)
def test_part_of_a_regular_expression_matches_it(pattern: str) -> None:
    parts = text_parts([f"UPDATE a SET x = regexp_replace(x, '{pattern}', '')"])
    assert re.search(pattern.replace("[:space:]", r"\s"), parts[0])


def test_long_texts_are_no_parts() -> None:
    assert text_parts([f"SELECT 'a' || '{'b' * 60}'"]) == ("a",)
