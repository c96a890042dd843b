"""Compare the split of 58 small corner-case files with what psql really sent."""

import json
from pathlib import Path
from typing import Any

import pytest

from koonj.sql.lexer import split
from support.normal_form import normal_form

DATA = Path(__file__).parent / "data" / "split"
TRUTH: dict[str, dict[str, Any]] = json.loads((DATA / "truth.json").read_text(encoding="utf-8"))


def normal(statements: list[str]) -> list[str]:
    return [form for form in map(normal_form, statements) if form]


def test_every_file_has_a_recorded_result() -> None:
    assert sorted(TRUTH) == sorted(path.name for path in DATA.glob("*.sql"))
    assert len(TRUTH) == 58


@pytest.mark.parametrize("name", TRUTH)
def test_split_equals_the_recorded_result(name: str) -> None:
    text = (DATA / name).read_bytes().decode()
    assert normal(split(text)) == normal(TRUTH[name]["statements"])


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda statements: statements[:-1], id="one lost"),
        pytest.param(lambda statements: ["".join(statements)], id="all merged"),
        pytest.param(
            lambda statements: [statement.replace("1", "2") for statement in statements], id="altered"
        ),
    ],
)
def test_comparison_fails_for_a_wrong_split(spoil: Any) -> None:
    wrong = [name for name in TRUTH if normal(spoil(truth := TRUTH[name]["statements"])) != normal(truth)]
    assert len(wrong) > 25
