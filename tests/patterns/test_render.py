"""The written text is tidy, whoever typed the values."""

import pytest

from koonj.patterns.pattern import FieldErrors, load, render


def test_what_a_person_types_in_lower_case_is_written_as_the_rest() -> None:
    (pattern,) = (p for p in load()[0] if p.key == "add_column")
    values = {"table": "t", "column": "c", "type": "numeric(4, 2)", "default": "coalesce(null, 1)::numeric"}
    (draft,) = render(pattern, values)
    assert "coalesce(NULL, 1)::numeric" in draft.text


@pytest.mark.parametrize("hidden", ["\x1b", "\u202e", "\u2066", "\n"])
def test_nothing_that_cannot_be_seen_gets_into_a_file(hidden: str) -> None:
    (pattern,) = (p for p in load()[0] if p.key == "add_column")
    with pytest.raises(FieldErrors, match="column"):
        render(pattern, {"table": "t", "column": f"y{hidden}z", "default": "0"})
