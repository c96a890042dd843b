"""Each rule finds what it must, at its place, and nothing in safe SQL."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.rule_cases import FOUND, NOT_FOUND, Case
from koonj.checks.catalogue import RULES
from koonj.checks.check import Checker
from koonj.checks.facts import check_facts
from koonj.checks.kept_findings import check_findings
from koonj.checks.levels import Levels
from koonj.migrations.migration import Migration
from koonj.sql.plain_file import plain_statements
from koonj.sql.problem import Problem

ROLLBACK = "\n\n-- Rollback:\n-- BEGIN;\n-- SELECT 1;\n-- COMMIT;\n"


def find(text: str) -> list[Problem]:
    migration = Migration.from_recorded("001_x.sql", text + ROLLBACK)
    return list(Checker([migration], Levels()).findings(migration))


@pytest.mark.parametrize("case", FOUND, ids=lambda c: f"{c.code}: {c.text[:60]}")
def test_rule_finds_it_at_its_place(case: Case) -> None:
    found = find(case.text)
    assert [(p.line, p.column) for p in found if p.code == case.code] == [case.place]
    assert {p.code for p in found} == {case.code, *case.also}


@pytest.mark.parametrize("text", NOT_FOUND)
def test_no_rule_finds_anything_in_safe_statements(text: str) -> None:
    assert find(text) == []


def test_message_and_pattern_say_which_constraint_it_is() -> None:
    primary, unique, key = find(
        "BEGIN;\nALTER TABLE t ADD PRIMARY KEY (a);\nALTER TABLE t ADD UNIQUE (a);\n"
        "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES app.u;\nCOMMIT;"
    )
    assert primary.message.startswith("ADD PRIMARY KEY builds an index")
    assert unique.message.startswith("ADD UNIQUE builds an index")
    assert key.pattern is not None
    assert key.pattern.values == (("table", "t"), ("columns", "a"), ("references", "app.u"))


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("VACUUM FULL;", "VACUUM FULL writes all of the tables anew"),
        ("VACUUM FULL t;", "VACUUM FULL writes all of t anew"),
        ("CLUSTER t USING i;", "CLUSTER writes all of t anew"),
        ("LOCK t;", "LOCK TABLE in ACCESS EXCLUSIVE mode blocks reads and writes of t "),
        ("LOCK t IN SHARE MODE;", "LOCK TABLE in SHARE mode blocks writes of t "),
        ("REINDEX DATABASE;", "REINDEX rebuilds database "),
        ("REINDEX INDEX i;", "REINDEX rebuilds i "),
        ("UPDATE t SET a = 1;", "UPDATE without WHERE locks every row of t until COMMIT, and doubles"),
        ("DELETE FROM t;", "DELETE without WHERE locks every row of t until COMMIT."),
    ],
)
def test_message_says_what_is_done_to_what(text: str, start: str) -> None:
    assert [p.message[: len(start)] for p in find(text)] == [start]


def test_message_of_cascade_says_what_is_dropped() -> None:
    _, found = find("BEGIN;\nALTER TABLE t DROP CONSTRAINT c, DROP COLUMN a CASCADE;\nCOMMIT;")
    assert found.message.startswith("DROP COLUMN … CASCADE")


def test_pattern_of_a_dropped_table_has_the_schema_that_is_written() -> None:
    values = [
        p.pattern.values for p in find("BEGIN;\nDROP TABLE a, app.b;\nCOMMIT;") if p.pattern is not None
    ]
    assert values == [(("table", "a"),), (("table", "b"), ("schema", "app"))]


def test_every_rule_has_a_case() -> None:
    assert RULES.keys() == {case.code for case in FOUND} | {"attach-scans"}


def test_every_case_is_a_file_without_errors() -> None:
    for text in (*(case.text for case in FOUND), *NOT_FOUND):
        migration = Migration.from_recorded("001_x.sql", text + ROLLBACK)
        assert [p for p in migration.problems if p.severity.value == "error"] == []


def test_a_plain_file_gives_the_same_findings_as_a_parsed_one() -> None:
    plain = 0
    for text in (*(case.text for case in FOUND), *NOT_FOUND):
        migration = Migration.from_recorded("001_x.sql", text + ROLLBACK)
        plain += bool(plain_statements(migration.text))
        parsed = Migration.from_recorded("001_x.sql", text + ROLLBACK)
        parsed.__dict__["plain_statements"] = ()
        assert check_findings(migration) == check_findings(parsed)
    assert plain > 100


WORDS = [
    *(
        "CREATE",
        "ALTER",
        "TABLE",
        "INDEX",
        "UNIQUE",
        "CONCURRENTLY",
        "IF",
        "NOT",
        "EXISTS",
        "ON",
        "ONLY",
        "t",
        "app.t",
    ),
    *(
        "ADD",
        "COLUMN",
        "CONSTRAINT",
        "CHECK",
        "(",
        ")",
        ",",
        ";",
        "FOREIGN",
        "KEY",
        "REFERENCES",
        "PRIMARY",
        "NULL",
    ),
    *(
        "DEFAULT",
        "random()",
        "TYPE",
        "bigint",
        "varchar(3",
        "SET",
        "DATA",
        "VALIDATE",
        "VALID",
        "RENAME",
        "TO",
        "DROP",
    ),
    *(
        "CASCADE",
        "TRUNCATE",
        "LOCK",
        "MODE",
        "IN",
        "SHARE",
        "UPDATE",
        "DELETE",
        "FROM",
        "WHERE",
        "'x'",
        '"',
        '"A b"',
    ),
    *(
        "REFRESH",
        "MATERIALIZED",
        "VIEW",
        "WITH",
        "NO",
        "DATA",
        "VALUE",
        "BEGIN;",
        "COMMIT;",
        "ATTACH",
        "PARTITION",
    ),
    *(
        "SELECT",
        "set_config(",
        "RESET",
        "REINDEX",
        "VACUUM",
        "FULL",
        "CLUSTER",
        "INTO",
        "USING",
        "EXCLUDE",
        "LIKE",
    ),
    *(
        "-- koonj: ignore drop-table: why",
        "-- koonj: ignore",
        "\n",
        "$$",
        "/*",
        "*/",
        "\\;",
        'U&"',
        "GENERATED",
        "AS",
    ),
]


@given(st.one_of(st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join), st.text(max_size=200)))
def test_no_text_makes_a_rule_raise(text: str) -> None:
    migration = Migration.from_recorded("001_x.sql", text)
    Checker([migration], Levels()).findings(migration)
    migration.__dict__.pop("problems", None)
    check_facts(Migration.from_recorded("001_x.sql", text))


@given(st.lists(st.sampled_from([case.text for case in FOUND] + list(NOT_FOUND)), min_size=2, max_size=3))
def test_several_cases_in_one_file_are_read_the_same_with_and_without_the_parser(texts: list[str]) -> None:
    text = "\n".join(texts) + ROLLBACK
    parsed = Migration.from_recorded("001_x.sql", text)
    parsed.__dict__["plain_statements"] = ()
    assert check_findings(Migration.from_recorded("001_x.sql", text)) == check_findings(parsed)
