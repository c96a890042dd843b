"""Tests for the row changes in a statement's text."""

import pytest

from koonj.sql.row_changes import RowChange, plain_name, row_changes
from koonj.sql.script import Script


def changes(text: str) -> list[tuple[str, ...]]:
    found = [change for statement in Script(text).statements for change in row_changes(statement)]
    return [(change.verb, change.table, *change.columns) for change in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DELETE FROM users", [("delete", "users")]),
        ("delete from only app.users u where id = 1", [("delete", "app.users")]),
        ('DELETE FROM "Odd"."Name"', [("delete", '"Odd"."Name"')]),
        ("TRUNCATE users", [("truncate", "users")]),
        (
            "TRUNCATE TABLE ONLY a.users, chunks * RESTART IDENTITY CASCADE",
            [("truncate", "a.users"), ("truncate", "chunks")],
        ),
        ("UPDATE users SET email = lower(email)", [("update", "users", "email")]),
        (
            "UPDATE ONLY users AS u SET a = 1, (b, c) = (SELECT 1, 2) FROM x WHERE y = 3",
            [("update", "users", "a", "b", "c")],
        ),
        ("UPDATE users u SET a = coalesce(b, c), d = 4 WHERE e = 5", [("update", "users", "a", "d")]),
        ("INSERT INTO users (a) VALUES (1)", [("insert", "users")]),
        (
            "INSERT INTO users (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 2",
            [("insert", "users"), ("update", "users", "b")],
        ),
        (
            "WITH gone AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM gone",
            [("delete", "a"), ("insert", "b")],
        ),
        ("MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DELETE", [("delete", "a")]),
        ("COPY users FROM stdin;\n1\ta\n\\.\n", [("insert", "users")]),
        ("SELECT 1 FROM users FOR UPDATE", []),
        ("DO $$ BEGIN DELETE FROM users; END $$", [("delete", "users")]),
        (
            "DO $x$ BEGIN EXECUTE 'TRUNCATE ' || 'a'; EXECUTE 'UPDATE b SET c = 1'; END $x$",
            [("update", "b", "c")],
        ),
        ("DO 'BEGIN DELETE FROM a WHERE b = ''x''; END'", [("delete", "a")]),
    ],
)
def test_row_changes_are_found(text: str, expected: list[tuple[str, ...]]) -> None:
    assert changes(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM users'",
        "CREATE TRIGGER t BEFORE UPDATE OR DELETE ON users FOR EACH ROW EXECUTE FUNCTION f()",
        "CREATE RULE r AS ON DELETE TO users DO INSTEAD UPDATE users SET gone = true",
        "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES c ON DELETE CASCADE ON UPDATE SET NULL",
        "GRANT UPDATE, DELETE, TRUNCATE ON users TO app",
        "CREATE POLICY p ON users FOR DELETE USING (true)",
        "COMMENT ON TABLE users IS 'DELETE FROM users'",
        "SELECT 'DELETE FROM users'",
        "-- DELETE FROM users\nSELECT 1",
    ],
)
def test_text_that_does_not_run_has_no_row_changes(text: str) -> None:
    assert changes(text) == []


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Users", "users"),
        ("app.Users", "users"),
        ('app."Users"', "Users"),
        ('"a""b"', 'a"b'),
        ('"a.b"', "a.b"),
    ],
)
def test_plain_name_equals_the_catalog_name(name: str, plain: str) -> None:
    assert plain_name(name) == plain
    assert RowChange("delete", name).plain_table == plain
