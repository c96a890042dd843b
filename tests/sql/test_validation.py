"""Statements that only validate constraints."""

import pytest

from koonj.sql.validation import only_validates


@pytest.mark.parametrize(
    "text",
    [
        "ALTER TABLE t VALIDATE CONSTRAINT c;",
        'alter table if exists only s."T" * validate constraint "c"',
        "ALTER /* x */ TABLE t VALIDATE CONSTRAINT a, VALIDATE CONSTRAINT b;",
    ],
)
def test_it_only_validates(text: str) -> None:
    assert only_validates(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ALTER TABLE t ADD b int;",
        "ALTER TABLE t VALIDATE CONSTRAINT c, ADD b int;",
        "ALTER TABLE t ADD b int, VALIDATE CONSTRAINT c;",
        "ALTER TABLE t VALIDATE CONSTRAINT c, VALIDATE",
        "ALTER DOMAIN d VALIDATE CONSTRAINT c;",
        "ALTER TABLE validate ADD constraint c CHECK (true);",
        "SELECT 'ALTER TABLE t VALIDATE CONSTRAINT c';",
    ],
)
def test_it_does_something_else(text: str) -> None:
    assert not only_validates(text)
