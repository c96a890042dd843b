"""Rollbacks that are wrong, or right, and their verdicts on a real scratch server."""

from __future__ import annotations

import pytest

from koonj.runner.rehearse.verdict import Verdict
from support.rehearsal_folder import BASE, MAJORS, RehearsalFolder

pytestmark = pytest.mark.slow


WRONG_ROLLBACKS: dict[str, tuple[str, str, Verdict, str]] = {
    "a forgotten index": (
        "ALTER TABLE users ADD COLUMN city text; CREATE INDEX users_name ON users (name);",
        "ALTER TABLE users DROP COLUMN city;",
        Verdict.INCOMPLETE,
        "users_name",
    ),
    "a changed default": (
        "ALTER TABLE users ALTER name SET DEFAULT 'y';",
        "ALTER TABLE users ALTER name SET DEFAULT 'z';",
        Verdict.INCOMPLETE,
        "users.name",
    ),
    "a wrong type": (
        "ALTER TABLE users ALTER name TYPE text;",
        "DROP VIEW people; ALTER TABLE users ALTER name TYPE varchar(60); "
        "CREATE VIEW people AS SELECT id, name FROM users;",
        Verdict.BROKEN,
        "column used by a view",
    ),
    "a wrong type of an unused column": (
        "ALTER TABLE users ALTER old TYPE bigint;",
        "ALTER TABLE users ALTER old TYPE smallint;",
        Verdict.INCOMPLETE,
        "users.old",
    ),
    "a lost comment": (
        "COMMENT ON COLUMN users.email IS 'another';",
        "COMMENT ON COLUMN users.email IS NULL;",
        Verdict.INCOMPLETE,
        "users.email",
    ),
    "a lost grant": (
        "REVOKE SELECT ON users FROM PUBLIC;",
        "GRANT INSERT ON users TO PUBLIC;",
        Verdict.INCOMPLETE,
        "users",
    ),
    "a renamed constraint": (
        "ALTER TABLE users DROP CONSTRAINT users_pkey; ALTER TABLE users ADD PRIMARY KEY (id, email);",
        "ALTER TABLE users DROP CONSTRAINT users_pkey; ALTER TABLE users ADD CONSTRAINT users_pk PRIMARY KEY (id);",
        Verdict.INCOMPLETE,
        "users_pk",
    ),
    "the order of columns": (
        "ALTER TABLE users DROP COLUMN email;",
        "ALTER TABLE users ADD COLUMN email text NOT NULL; CREATE INDEX users_email ON users (email); "
        "COMMENT ON COLUMN users.email IS 'where to write';",
        Verdict.LOSSY,
        "The rollback restores columns in a different order: column public.users.email moved",
    ),
    "a different owner": (
        "DROP VIEW people; CREATE VIEW people AS SELECT id FROM users;",
        "DROP VIEW people; CREATE VIEW people AS SELECT id, name FROM users; ALTER VIEW people OWNER TO pg_monitor;",
        Verdict.INCOMPLETE,
        "people",
    ),
    "an older function": (
        "CREATE OR REPLACE FUNCTION twice(a int) RETURNS int LANGUAGE sql AS 'SELECT a + a';",
        "CREATE OR REPLACE FUNCTION twice(a int) RETURNS int LANGUAGE sql AS 'SELECT 2 * a';",
        Verdict.INCOMPLETE,
        "twice",
    ),
    "a rollback that forgets everything": (
        "CREATE TABLE left_over (id int);",
        "SELECT 1;",
        Verdict.INCOMPLETE,
        "left_over",
    ),
    "a rollback that fails": (
        "CREATE TABLE t (id int);",
        "DROP TABLE tt;",
        Verdict.BROKEN,
        "tt",
    ),
    "a rollback with a syntax error": (
        "CREATE TABLE t (id int);",
        "DROP TABEL t;",
        Verdict.BROKEN,
        "TABEL",
    ),
    "a migration that fails": ("ALTER TABLE nobody ADD a int;", "SELECT 1;", Verdict.BROKEN, "nobody"),
    "a migration that cannot be applied again": (
        "CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (id int);",
        "DROP TABLE t;",
        Verdict.INCOMPLETE,
        "mood",
    ),
    "a dropped last column with its values": (
        "ALTER TABLE users DROP COLUMN old;",
        "ALTER TABLE users ADD COLUMN old int;",
        Verdict.LOSSY,
        "public.users.old",
    ),
    "a narrower type that rounds": (
        "ALTER TABLE users ALTER old TYPE real;",
        "ALTER TABLE users ALTER old TYPE int;",
        Verdict.LOSSY,
        "from integer to real",
    ),
    "a calculated narrower type": (
        "ALTER TABLE users ALTER old TYPE smallint USING least(old, 32767);",
        "ALTER TABLE users ALTER old TYPE int;",
        Verdict.LOSSY,
        "smallint",
    ),
    "a deletion": ("DELETE FROM users WHERE old = 1;", "SELECT 1;", Verdict.LOSSY, "DELETE"),
    "a truncation": ("TRUNCATE users;", "SELECT 1;", Verdict.LOSSY, "TRUNCATE"),
    "a truncation in a DO block": (
        "DO $$ BEGIN TRUNCATE users; END $$;",
        "SELECT 1;",
        Verdict.LOSSY,
        "TRUNCATE",
    ),
    "values that are overwritten": (
        "UPDATE users SET name = upper(name);",
        "SELECT 1;",
        Verdict.LOSSY,
        "UPDATE",
    ),
    "a table that is dropped and created again": (
        "DROP VIEW people; DROP TABLE users; DROP FUNCTION twice;",
        BASE,
        Verdict.LOSSY,
        "public.users",
    ),
}


@pytest.mark.parametrize("major", MAJORS)
@pytest.mark.parametrize("case", WRONG_ROLLBACKS)
async def test_wrong_rollback_gives_its_verdict_and_names_the_object(
    base_folder: RehearsalFolder, case: str, major: int
) -> None:
    body, rollback, verdict, expected_text = WRONG_ROLLBACKS[case]
    base_folder.write(2, body, rollback)
    found = await base_folder.last(major=major)
    assert found.major == major
    assert (found.verdict, expected_text in found.message) == (verdict, True), (found.verdict, found.message)


RIGHT_ROLLBACKS: dict[str, tuple[str, str]] = {
    "a column": ("ALTER TABLE users ADD city text", "ALTER TABLE users DROP city"),
    "rows that the migration inserted": (
        "INSERT INTO users VALUES (1, 'a')",
        "DELETE FROM users WHERE id = 1",
    ),
    "a column that is filled": (
        "ALTER TABLE users ADD city text; UPDATE users SET city = 'x'; ALTER TABLE users ALTER city SET NOT NULL",
        "ALTER TABLE users DROP city",
    ),
    "an update that is undone": (
        "UPDATE users SET name = 'y' || name",
        "UPDATE users SET name = substr(name, 2)",
    ),
    "a narrower type that refuses what it cannot hold": (
        "ALTER TABLE users ALTER old TYPE smallint",
        "ALTER TABLE users ALTER old TYPE int",
    ),
    "a wider type": (
        "DROP VIEW people; ALTER TABLE users ALTER name TYPE text; CREATE VIEW people AS SELECT id, name FROM users",
        "DROP VIEW people; ALTER TABLE users ALTER name TYPE varchar(50); "
        "CREATE VIEW people AS SELECT id, name FROM users",
    ),
    "a table that the migration creates and drops": (
        "CREATE TABLE a (id int); INSERT INTO a VALUES (1); CREATE TABLE b AS SELECT * FROM a; DROP TABLE a",
        "DROP TABLE b",
    ),
    "a role": (
        "CREATE ROLE koonj_test_role; GRANT SELECT ON users TO koonj_test_role",
        "DROP OWNED BY koonj_test_role; DROP ROLE koonj_test_role",
    ),
}


@pytest.mark.parametrize("case", RIGHT_ROLLBACKS)
async def test_right_rollback_is_verified(base_folder: RehearsalFolder, case: str) -> None:
    body, rollback = RIGHT_ROLLBACKS[case]
    base_folder.write(2, f"{body};", f"{rollback};")
    found = await base_folder.last()
    assert found.verdict is Verdict.VERIFIED, (found.verdict, found.message)
