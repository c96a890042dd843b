"""The measured locks that the form of a pattern shows are those of docs/library.md."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from koonj.patterns.catalog_snapshot import CatalogSnapshot, Relation
from koonj.patterns.form_facts import FormFacts, lock_words
from koonj.patterns.measured_locks import FACTS, MeasuredLock, measured_locks
from koonj.patterns.pattern import Pattern, load
from support.pattern_cases.all_cases import first_case
from support.pattern_cases.case import EXAMPLE

PATTERNS, _ = load()
PAGE = (Path(__file__).parents[2] / "docs" / "library.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (\w+)\n\n(.*?)(?=^###? |\Z)", PAGE, re.MULTILINE | re.DOTALL))
BIG = CatalogSnapshot(
    schemas=("public",),
    search_path=("public",),
    relations=(Relation("public", "documents", "table", 12 * 1024**3, 40_000_000),),
)


def test_there_are_facts_of_every_pattern() -> None:
    assert list(json.loads(FACTS.read_text())) == [pattern.key for pattern in PATTERNS], "run `make patterns`"


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.key)
def test_facts_are_those_of_the_page(pattern: Pattern) -> None:
    values = first_case(pattern.key).typed_values(EXAMPLE)
    for name, locks in measured_locks(pattern).items():
        table = values[name].rpartition(".")[2].strip('"')
        cells = re.findall(r"^\| [^|]+ \| (.*) \|$", SECTIONS[pattern.key], re.MULTILINE)
        shown = {
            mode
            for cell in cells
            for mode, names in re.findall(r"(?:^|; )([A-Z ]+[A-Z]) ([^;]+)", cell)
            if re.search(rf"(^|, |\.){re.escape(table)}($|,| )", names)
        }
        assert {lock.mode for lock in locks} <= shown, "run `make patterns`"


def words(key: str, **values: str) -> str:
    pattern = next(one for one in PATTERNS if one.key == key)
    return lock_words(FormFacts(pattern.fields, values, BIG), measured_locks(pattern))


def test_form_says_what_the_pattern_locks_on_the_table_and_how_large_that_is() -> None:
    on = "on documents (12 GB, 40 M rows)."
    assert words("add_column", table="documents") == (
        f"ACCESS EXCLUSIVE for an instant (stops reads and writes) {on}"
    )
    assert words("create_index", table="documents") == (
        f"SHARE UPDATE EXCLUSIVE while rows are read or written {on}"
    )
    assert words("set_not_null", table="documents") == (
        "ACCESS EXCLUSIVE for an instant (stops reads and writes), "
        f"SHARE UPDATE EXCLUSIVE while rows are read or written {on}"
    )
    assert words("add_column", table="unknown") == ""


def test_pattern_of_the_project_is_not_measured() -> None:
    pattern = replace(PATTERNS[0], path=Path("database/patterns/x.sql"))
    assert measured_locks(pattern) == {}
    assert MeasuredLock("SHARE", "writes", long=False).words == "SHARE for an instant (stops writes)"


def test_lock_that_stops_most_is_first() -> None:
    for pattern in PATTERNS:
        for locks in measured_locks(pattern).values():
            assert list(locks) == sorted(locks, key=lambda lock: lock.weight, reverse=True)
    ordered = [
        MeasuredLock("SHARE", "writes", long=True),
        MeasuredLock("ACCESS EXCLUSIVE", "reads and writes", long=False),
        MeasuredLock("SHARE ROW EXCLUSIVE", "writes", long=False),
        MeasuredLock("SHARE UPDATE EXCLUSIVE", "", long=True),
        MeasuredLock("ROW SHARE", "", long=False),
    ]
    assert sorted({*ordered}, key=lambda lock: lock.weight, reverse=True) == ordered
