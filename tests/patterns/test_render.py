"""Test that the generated text is formatted and safe."""

import pytest

from koonj.patterns.pattern import FieldErrors, load, render


def test_typed_keywords_are_written_in_upper_case() -> None:
    (pattern,) = (p for p in load()[0] if p.key == "add_column")
    values = {"table": "t", "column": "c", "type": "numeric(4, 2)", "default": "coalesce(null, 1)::numeric"}
    (draft,) = render(pattern, values)
    assert "coalesce(NULL, 1)::numeric" in draft.text


@pytest.mark.parametrize("hidden", ["\x1b", "\u202e", "\u2066", "\n"])
def test_hidden_characters_are_refused(hidden: str) -> None:
    (pattern,) = (p for p in load()[0] if p.key == "add_column")
    with pytest.raises(FieldErrors, match="column"):
        render(pattern, {"table": "t", "column": f"y{hidden}z", "default": "0"})
