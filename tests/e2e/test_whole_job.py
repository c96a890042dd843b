"""From a folder of SQL files to a changed database and back, at 80 x 24."""

from __future__ import annotations

from collections.abc import Callable

from e2e.conftest import Project
from support.terminal_user import TerminalUser


def test_files_are_written_applied_and_rolled_back(
    project: Project, new_user: Callable[..., TerminalUser]
) -> None:
    project.copy(5)
    user = new_user()
    terminal = user.terminal
    before = terminal.shell("stty -g")

    user.open("0 applied  5 pending")
    assert terminal.flags() == "1 1 0"
    assert {
        25,
        1000,
        1006,
        1049,
    } <= terminal.modes()  # cursor, mouse, alternate screen: koonj must restore them
    assert [row.split()[0].strip("›") for row in user.rows()] == ["001", "002", "003", "004", "005"]
    assert all(row.endswith("◦ pending") for row in user.rows())
    assert "CREATE TABLE IF NOT EXISTS users (" in user.text

    user.press("/")
    terminal.type("role")
    terminal.until(lambda: [row[1:4] for row in user.rows()] == ["002", "003", "004"])
    user.press("Enter")
    terminal.until(lambda: not any(line.startswith(" /") for line in terminal.lines()))
    user.press("j", expect="003_seed_roles_and_permissions.sql")
    user.press("Escape")
    terminal.until(lambda: len(user.rows()) == 5)

    _write_one_of_each_pattern(user)
    written = sorted(project.migrations.iterdir())[5:]
    assert [file.name for file in written] == [
        "006_move_sessions_to_trash.sql",
        "007_drop_sessions_for_good.sql",
        "008_add_invited_by_to_users.sql",
        "009_create_users_email_verified_at_idx.sql",
        "010_create_users_invited_by_idx.sql",
        "011_add_users_invited_by_fkey.sql",
    ]
    assert "ADD COLUMN IF NOT EXISTS invited_by uuid DEFAULT NULL;" in written[2].read_text()
    assert "REFERENCES users (id)" in written[5].read_text()

    user.press("A", expect="Apply 11 migrations to local?")
    assert "001  create_users" in user.text
    user.press("G", expect="011_add_users_invited_by_fkey.sql")
    user.press("Enter", "g", expect="migrations  11")  # the g shows that the Enter was read
    assert project.sql("SELECT to_regclass('users')") == [None]
    user.confirm("Apply 11 migrations to local?")
    terminal.until("11 applied  nothing pending")
    terminal.until("done: Applied 11 migrations.")
    assert all(row.endswith("✓ applied") for row in user.rows())
    assert project.sql("SELECT convalidated FROM pg_constraint WHERE conname = 'users_invited_by_fkey'") == [
        True
    ]
    assert project.sql("SELECT to_regclass('users_email_verified_at_idx')::text") == [
        "users_email_verified_at_idx"
    ]
    assert project.sql("SELECT count(*) FROM pg_class WHERE relname = 'sessions'") == [0]

    user.press("r", expect="Roll back 1 migration on local?")
    user.confirm("Roll back 1 migration on local?")
    terminal.until("10 applied  1 pending")
    terminal.until(lambda: user.row("011 add_users").endswith("◦ pending"))
    assert user.row("010 create_users").endswith("✓ applied")
    assert project.sql("SELECT count(*) FROM pg_constraint WHERE conname = 'users_invited_by_fkey'") == [0]

    user.quit("q")
    assert terminal.shell("stty -g") == before


def _write_one_of_each_pattern(user: TerminalUser) -> None:
    user.create_from_pattern(
        "Drop a table (1/2): move it",
        {"Table": "sessions", "Schema": "", "Move to schema": ""},
        expect="doomed regclass := 'public.sessions'",
        file="006_move_sessions_to_trash.sql",
    )
    user.create_from_pattern(
        "Drop a table (2/2): drop it",
        {"Table": "sessions", "In schema": ""},
        expect="to_regclass('trash.sessions')",
        file="007_drop_sessions_for_good.sql",
    )
    user.create_from_pattern(
        "Add a column with a default",
        {"Table": "users", "Column": "invited_by", "Type": "uuid", "Default": "NULL", "NOT NULL": "+"},
        expect="ADD COLUMN IF NOT EXISTS invited_by uuid DEFAULT NULL;",
        file="008_add_invited_by_to_users.sql",
    )
    user.create_from_pattern(
        "Create an index concurrently",
        {
            "Table": "users",
            "Columns": "email_verified_at",
            "Unique": "",
            "Method": "",
            "Also store": "",
            "Where": "",
            "Index name": "",
        },
        expect="CREATE INDEX CONCURRENTLY users_email_verified_at_idx",
        file="009_create_users_email_verified_at_idx",
    )
    user.create_from_pattern(
        "Add a foreign key",
        {
            "Table": "users",
            "Columns": "invited_by",
            "References": "users",
            "Referenced": "",
            "ON DELETE": "",
            "With index": "",
            "Constraint": "",
            "Index name": "",
        },
        expect="ON users (invited_by);",
        file="010_create_users_invited_by_idx",
    )
