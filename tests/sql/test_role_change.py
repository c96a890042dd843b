"""Statements that can change the role that runs the next ones."""

import pytest

from koonj.sql.role_change import changes_role


@pytest.mark.parametrize(
    "text",
    [
        "SET ROLE a",
        "set  local\nrole a",
        "SET /* x */ ROLE a;",
        "SET role TO a",
        "RESET ROLE",
        "SET SESSION AUTHORIZATION a",
        "set local session_role = 1; SET SESSION ROLE a",
        "SELECT set_config('role', 'a', true)",
        "SELECT pg_catalog.set_config ( 'ROLE', 'a', true)",
        "DO $$ BEGIN SET ROLE a; END $$",
        "DO $$ BEGIN IF true THEN EXECUTE 'SET ROLE a'; END IF; END $$",
    ],
)
def test_it_can_change_the_role(text: str) -> None:
    assert changes_role(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ALTER TABLE roles ADD COLUMN role text",
        "ALTER TABLE t SET (fillfactor = 50)",
        "UPDATE users SET role = 'admin'",
        "CREATE SCHEMA s AUTHORIZATION a",
        "ALTER ROLE a SET role TO b",
        "SELECT 1 -- SET ROLE a",
        "/* SET ROLE a; */ SELECT 'x'",
        'SELECT "SET ROLE" FROM t',
        "SELECT set_config('search_path', 'role', true)",
    ],
)
def test_it_does_not(text: str) -> None:
    assert not changes_role(text)
