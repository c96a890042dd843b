"""The incremental JSON parser returns what `json` returns."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.tui.workers import incremental_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@given(VALUES, st.sampled_from([None, 1]), st.booleans())
def test_result_is_that_of_json(value: object, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert incremental_json.loads(text, 100) == json.loads(text)
    assert incremental_json.loads(f" \n{text}\n ", 100) == json.loads(text)


@pytest.mark.parametrize(
    "text", ["", "{", "[", '{"a"', '{"a":', '{"a":1', "[1,", "[1", "[1 2]", '{"a" 1}', "{1:2", "1 2"]
)
def test_invalid_json_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        incremental_json.loads(text, 100)


def test_only_the_first_items_of_long_lists_are_kept() -> None:
    text = json.dumps({"event": {"up": list(range(9)), "down": [[1, 2, 3], [4]]}})
    assert incremental_json.loads(text, 2) == {"event": {"up": [0, 1], "down": [[1, 2, 3], [4]]}}
