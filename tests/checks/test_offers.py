"""The pattern that a finding offers says what the statement says, or there is none."""

from __future__ import annotations

import pytest

from koonj.checks.check import Checker
from koonj.checks.levels import Levels
from koonj.migrations.migration import Migration
from koonj.patterns.pattern import load, render
from koonj.sql.problem import Problem

OFFERED = [
    ("ALTER a SET NOT NULL", "set_not_null", {"column": "a"}),
    ('ALTER COLUMN "L ä" SET NOT NULL', "set_not_null", {"column": "L ä"}),
    ("ALTER a TYPE bigint", "change_type_with_copy", {"column": "a", "type": "bigint"}),
    (
        "ALTER COLUMN a SET DATA TYPE varchar(3)",
        "change_type_with_copy",
        {"column": "a", "type": "varchar(3)"},
    ),
    ("ADD UNIQUE (a)", "add_unique_constraint", {"columns": "a"}),
    (
        'ADD CONSTRAINT "u q" UNIQUE (a, "b,c")',
        "add_unique_constraint",
        {"columns": 'a, "b,c"', "constraint": "u q"},
    ),
    ("ADD PRIMARY KEY (a)", "add_primary_key", {"column": "a"}),
    ('ADD CONSTRAINT pk PRIMARY KEY ("A")', "add_primary_key", {"column": "A", "constraint": "pk"}),
    ("ADD CHECK (a <> ')')", "add_check", {"condition": "a <> ')'"}),
    (
        "ADD CONSTRAINT c CHECK ((a > 0) AND (b > 0))",
        "add_check",
        {"condition": "(a > 0) AND (b > 0)", "about": "c", "constraint": "c"},
    ),
    ('RENAME TO "New"', "rename_table", {"new_name": "New"}),
    ('RENAME COLUMN a TO "b c"', "rename_column", {"column": "a", "new_name": "b c"}),
    ("DROP COLUMN IF EXISTS a", "drop_column", {"column": "a"}),
]

NOT_OFFERED = [
    "ALTER a TYPE bigint USING a::bigint",
    'ALTER a TYPE text COLLATE "C"',
    "ADD UNIQUE (a) INCLUDE (b)",
    "ADD UNIQUE NULLS NOT DISTINCT (a)",
    "ADD UNIQUE (a) DEFERRABLE",
    "ADD PRIMARY KEY (a, b)",
    "ADD PRIMARY KEY (a) WITH (fillfactor = 70)",
    "ADD COLUMN c int UNIQUE",
    "ADD CHECK (a > 0) NO INHERIT",
    "ADD CHECK (a > -- of course\n 0)",
    "ADD CONSTRAINT n NOT NULL a",
    "ALTER a SET NOT NULL, ALTER b SET NOT NULL",
    "ADD FOREIGN KEY (a) REFERENCES u (a), ADD COLUMN c int",
]

PATTERNS = {pattern.key: pattern for pattern in load()[0]}
ROLLBACK = "\n\n-- Rollback:\n-- BEGIN;\n-- SELECT 1;\n-- COMMIT;\n"
REST = {"about": "rest"}


def find(text: str) -> list[Problem]:
    earlier = 'BEGIN;\nCREATE TABLE %s (a integer, b integer, "A" int, "b,c" int, "L ä" int);\nCOMMIT;'
    texts = [earlier % "t", earlier % "u", text]
    files = [Migration.from_recorded(f"{n:03}_x.sql", t + ROLLBACK) for n, t in enumerate(texts, 1)]
    return list(Checker(files, Levels()).findings(files[-1]))


@pytest.mark.parametrize(("action", "key", "values"), OFFERED)
def test_pattern_of_an_alter_table(action: str, key: str, values: dict[str, str]) -> None:
    (found,) = find(f"BEGIN;\nALTER TABLE t {action};\nCOMMIT;")
    assert found.pattern is not None
    assert (found.pattern.key, dict(found.pattern.values)) == (key, {"table": "t", **values})
    fields = {field.name for field in PATTERNS[key].fields}
    drafts = render(
        PATTERNS[key], {k: v for k, v in REST.items() if k in fields} | dict(found.pattern.values)
    )
    assert all(draft.text for draft in drafts)


@pytest.mark.parametrize("action", NOT_OFFERED)
def test_no_pattern_if_it_cannot_say_all_of_the_statement(action: str) -> None:
    found = find(f"BEGIN;\nALTER TABLE t {action};\nCOMMIT;")
    assert found
    assert [p.pattern for p in found if p.pattern is not None and p.pattern.replaces] == []
