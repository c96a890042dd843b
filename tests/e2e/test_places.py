"""From an error to its line to the fix to green, in a real terminal."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from e2e.conftest import Project
from support.terminal_user import TerminalUser

WRONG = """
    BEGIN;
    CREATE TABLE t1 (
        id no_such_type
    );
    COMMIT;

    -- Rollback:
    -- BEGIN;
    -- DROP TABLE t1;
    -- COMMIT;
    """
EDITOR = """\
#!/bin/sh
# Fixes the line that it is opened at, and shows its arguments.
line=${1#+}
sed -i "${line}s/no_such_type/bigint/" "$2"
echo "opened at $1"
read -r answer
"""


def failed(project: Project, user: TerminalUser) -> None:
    """Open koonj, apply, and wait for the error."""
    project.write("001_make_t1.sql", WRONG)
    user.open("0 applied  1 pending")
    user.press("a", expect="Apply 1 migration to local?")
    user.confirm("Apply 1 migration to local?")
    user.terminal.until('type "no_such_type" does not exist')
    user.terminal.until("i edit 001")


def test_error_is_fixed_in_the_editor_and_applied_with_six_keys(
    project: Project, new_user: Callable[..., TerminalUser]
) -> None:
    user = new_user()
    failed(project, user)
    terminal = user.terminal
    user.press("i", expect="last apply 42704")
    assert "3:8" in user.text
    terminal.press("C-k")  # the fix: the rest of the line at the cursor
    terminal.type("bigint")
    user.press("C-s", expect="Saved.")
    terminal.press("Escape")
    terminal.until("1 Migrations")
    user.press("a", expect="Apply 1 migration to local?")
    user.confirm("Apply 1 migration to local?")
    terminal.until("1 applied  nothing pending")
    assert project.tables() == {"t1"}
    user.quit("q")


def test_own_editor_is_opened_at_the_line_that_failed(
    project: Project, tmp_path: Path, new_user: Callable[..., TerminalUser]
) -> None:
    editor = tmp_path / "vim"
    editor.write_text(EDITOR)
    editor.chmod(0o755)
    user = new_user(EDITOR="vim", PATH=f"{tmp_path}:{os.environ['PATH']}")
    failed(project, user)
    user.press("e", expect="opened at +3")
    user.terminal.press("Enter")
    user.terminal.until("id bigint")
    user.quit("q")
