"""The pattern that a finding offers says what the statement says, or there is none."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import pytest

from checks.rule_cases import FOUND
from koonj.checks.check import Checker
from koonj.checks.levels import Levels
from koonj.cli.offered_pattern import FILL_IN, command_of
from koonj.migrations.migration import Migration
from koonj.patterns.model import FieldErrors
from koonj.patterns.pattern import load, render
from koonj.sql.problem import PatternOffer, Problem

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
    (
        "ADD COLUMN IF NOT EXISTS k uuid NOT NULL DEFAULT gen_random_uuid()",
        "add_column_with_backfill",
        {"column": "k", "type": "uuid", "default": "gen_random_uuid()", "not_null": "yes"},
    ),
    (
        "ADD k double precision DEFAULT (random() * 2) NULL",
        "add_column_with_backfill",
        {"column": "k", "type": "double precision", "default": "(random() * 2)", "not_null": "no"},
    ),
    (
        'ADD COLUMN "S um" int GENERATED ALWAYS AS (a + (b * 2)) STORED',
        "add_generated_column",
        {"column": "S um", "type": "int", "value": "a + (b * 2)"},
    ),
    (
        "ATTACH PARTITION u FOR VALUES FROM ('2027-01-01') TO (('2028-01-01'))",
        "attach_partition",
        {"partition": "u", "from": "'2027-01-01'", "to": "('2028-01-01')"},
    ),
    ("ADD COLUMN c int NOT NULL", "add_column", {"column": "c", "type": "int"}),
]

NOT_OFFERED = [
    "ADD COLUMN k uuid DEFAULT gen_random_uuid() UNIQUE",
    "ADD COLUMN k float DEFAULT random() CHECK (k > 0)",
    "ADD COLUMN k int GENERATED ALWAYS AS (a * 2) STORED NOT NULL",
    "ADD COLUMN k serial",
    "ADD COLUMN c int NOT NULL, ADD d int",
    "ADD COLUMN c int NOT NULL REFERENCES u",
    "ATTACH PARTITION u FOR VALUES IN (1)",
    "ATTACH PARTITION u FOR VALUES FROM (1, 2) TO (3, 4)",
    "ATTACH PARTITION u FOR VALUES FROM (MINVALUE) TO (3)",
    "ATTACH PARTITION u FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
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
    assert {name for name, _ in found.pattern.missing} <= fields


def every_offer() -> Iterator[PatternOffer]:
    """Yield what all cases of all rules offer."""
    texts = [case.text for case in FOUND] + [f"BEGIN;\nALTER TABLE t {one[0]};\nCOMMIT;" for one in OFFERED]
    for text in texts:
        yield from (one.pattern for one in find(text) if one.pattern is not None)


def test_every_offered_command_writes_files_or_names_what_is_missing() -> None:
    """A user runs it as it is, or with a value where it says what to write."""
    keys, open_keys = set[str](), set[str]()
    for offer in dict.fromkeys(every_offer()):
        *command, key = shlex.split(command_of(offer))[:4]
        assert (command, key) == (["koonj", "new", "--pattern"], offer.key)
        values = dict(word.split("=", 1) for word in shlex.split(command_of(offer))[4:])
        missing = {name for name, value in values.items() if value.startswith(FILL_IN)}
        known = {name: value for name, value in values.items() if name not in missing}
        pattern = PATTERNS[key]
        assert set(values) <= {field.name for field in pattern.fields}
        try:
            render(pattern, known)
            needed = set[str]()
        except FieldErrors as error:
            needed = set(error.errors)
        assert needed == missing, offer
        examples = {field.name: field.example for field in pattern.fields if field.name in missing}
        assert all(draft.text for draft in render(pattern, known | examples))
        keys.add(key)
        open_keys |= {key} if missing else set()
    assert open_keys == {"add_check", "add_column", "attach_partition"}
    assert keys - open_keys == {
        *("add_column_with_backfill", "add_foreign_key", "add_generated_column", "add_primary_key"),
        *("add_unique_constraint", "change_type_with_copy", "create_index", "drop_column", "drop_table"),
        *("refresh_materialized_view", "rename_column", "rename_table", "set_not_null"),
    }


@pytest.mark.parametrize("action", NOT_OFFERED)
def test_no_pattern_if_it_cannot_say_all_of_the_statement(action: str) -> None:
    found = find(f"BEGIN;\nALTER TABLE t {action};\nCOMMIT;")
    assert found
    assert [p.pattern for p in found if p.pattern is not None and p.pattern.replaces] == []
