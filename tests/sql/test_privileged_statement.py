"""Statements that need more than rights on a schema are recognized by their text."""

import pytest

from koonj.sql.privileged_statement import Privileged, PrivilegedStatement, privileged_statement

EXTENSION = Privileged.EXTENSION


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CREATE SCHEMA s", PrivilegedStatement(Privileged.SCHEMA)),
        ("create schema if not exists s authorization x;", PrivilegedStatement(Privileged.SCHEMA)),
        ("CREATE EXTENSION PostGIS;", PrivilegedStatement(EXTENSION, "postgis")),
        ('CREATE EXTENSION IF NOT EXISTS "uuid-ossp";', PrivilegedStatement(EXTENSION, "uuid-ossp")),
        (
            "CREATE EXTENSION a WITH SCHEMA version VERSION '1.2' CASCADE",
            PrivilegedStatement(EXTENSION, "a", "1.2"),
        ),
        ('CREATE EXTENSION a VERSION "1.2"', PrivilegedStatement(EXTENSION, "a", "1.2")),
        ("/* c */ CREATE USER app", PrivilegedStatement(Privileged.ROLE)),
        ("CREATE GROUP app", PrivilegedStatement(Privileged.ROLE)),
        ("DROP ROLE IF EXISTS app", PrivilegedStatement(Privileged.ROLE)),
        ("CREATE USER MAPPING FOR app SERVER s", None),
        ("DROP USER MAPPING FOR app SERVER s", None),
        ("DROP SCHEMA s", None),
        ("DROP EXTENSION a", None),
        ("CREATE TABLE role (schema int)", None),
        ("ALTER ROLE app SET search_path = a", None),
        ("DO $$ BEGIN CREATE ROLE app; END $$", None),
        ("CREATE EXTENSION", None),
    ],
)
def test_what_a_statement_creates(text: str, expected: PrivilegedStatement | None) -> None:
    assert privileged_statement(text) == expected
