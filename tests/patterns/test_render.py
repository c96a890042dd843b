"""The written text is tidy, whoever typed the values."""

from koonj.patterns.pattern import load, render


def test_what_a_person_types_in_lower_case_is_written_as_the_rest() -> None:
    (pattern,) = (p for p in load()[0] if p.key == "add_column")
    values = {"table": "t", "column": "c", "type": "numeric(4, 2)", "default": "coalesce(null, 1)::numeric"}
    (draft,) = render(pattern, values)
    assert "coalesce(NULL, 1)::numeric" in draft.text
