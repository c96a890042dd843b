"""No rule finds anything in the files that koonj itself writes, and in its own example."""

from __future__ import annotations

from pathlib import Path

import pytest

from koonj.checks.check import Checker, check_folder
from koonj.checks.levels import Levels
from koonj.migrations.folder import FolderReader
from koonj.migrations.migration import Migration
from koonj.patterns.pattern import Pattern, load, render

TOP = Path(__file__).parents[2]
PATTERNS, _ = load(TOP / "no such folder")


def _migrations(pattern: Pattern, **values: str) -> list[Migration]:
    examples = {
        field.name: field.example or field.default
        for field in pattern.fields
        if field.example or field.default
    }
    drafts = render(pattern, {**{k: v for k, v in examples.items() if "{{" not in v}, **values})
    return [Migration.from_recorded(f"{n:03d}_x.sql", draft.text) for n, draft in enumerate(drafts, start=1)]


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.key)
def test_every_file_that_a_pattern_writes_passes(pattern: Pattern) -> None:
    files = _migrations(pattern)
    assert files
    checker = Checker(files, Levels())
    for file in files:
        assert file.problems == ()
        assert checker.findings(file) == ()


@pytest.mark.parametrize(
    ("first", "second", "values"),
    [
        ("drop_column", "drop_column_for_good", {"table": "app.t", "column": "a", "hidden": "zz_a"}),
        ("drop_table", "drop_table_for_good", {"table": "t", "trash": "attic"}),
    ],
)
def test_a_safe_drop_with_a_name_of_ones_own_passes(first: str, second: str, values: dict[str, str]) -> None:
    by_key = {pattern.key: pattern for pattern in PATTERNS}
    known = {key: {field.name for field in by_key[key].fields} for key in (first, second)}
    texts = [
        file.text
        for key in (first, second)
        for file in _migrations(by_key[key], **{k: v for k, v in values.items() if k in known[key]})
    ]
    files = [Migration.from_recorded(f"{n:03d}_x.sql", text) for n, text in enumerate(texts, start=1)]
    assert [p for file in files for p in Checker(files, Levels()).findings(file)] == []


def test_the_example_passes() -> None:
    assert check_folder(FolderReader(TOP / "database/migrations").read(), Levels()) == ()
