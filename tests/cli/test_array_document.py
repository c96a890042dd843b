"""A JSON report that is written piece by piece looks like one that is written at once."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from koonj.cli.output import VERSION, Output
from koonj.cli.stream import Stream

_NESTED = {"a": [], "b": {}, "c": [1, [2, {"d": None}], "\u00e9\n\x1b"], "e": {"f": {"g": (True, 1.5)}}}


@pytest.mark.parametrize("items", [[], [1], [{}], [_NESTED, [], "x", _NESTED]])
def test_pieces_are_the_whole_text(items: list[Any]) -> None:
    file = io.StringIO()
    array = Output(as_json=True, stream=Stream(file)).array("history", {"target": "x"}, "entries")
    for item in items:
        array.add([item])
    array.end({"more": 0})
    whole = {"koonj": VERSION, "command": "history", "target": "x", "entries": items, "more": 0}
    assert file.getvalue() == json.dumps(whole, indent=2) + "\n"
