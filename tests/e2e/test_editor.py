"""The key e runs the user's own editor in the terminal, then koonj continues."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from e2e.conftest import Project
from support.terminal_user import TerminalUser

EDITOR = """\
#!/bin/sh
# Reads a line from the user and writes it as a comment before the first line of the file.
[ "$1" = --quietly ] || exit 1
echo "the editor has the terminal, and $2"
read -r answer
printf '%s\\n' "-- $answer" | cat - "$2" > "$2.new" && mv "$2.new" "$2"
[ "$answer" != "bad" ] || exit 3
"""


def test_external_editor_gets_the_terminal_and_its_change_is_shown(
    project: Project, tmp_path: Path, new_user: Callable[..., TerminalUser]
) -> None:
    project.table(1)
    project.table(2)
    editor = tmp_path / "my editor"
    editor.write_text(EDITOR)
    editor.chmod(0o755)
    user = new_user(EDITOR="'my editor' --quietly", PATH=f"{tmp_path}:{os.environ['PATH']}")
    terminal = user.terminal
    user.open("0 applied  2 pending")
    user.press("a", expect="Apply 1 migration to local?")
    user.confirm("Apply 1 migration to local?")
    terminal.until("1 applied  1 pending")

    user.press("e", expect="the editor has the terminal, and ")
    assert "001_make_t1.sql" in user.text
    assert terminal.flags() == "0 0 1"
    terminal.type("said in the editor")
    terminal.until("\nsaid in the editor")
    terminal.press("Enter")
    terminal.until("1 -- said in the editor")
    terminal.until(lambda: user.row("001").endswith("cosmetic"))
    assert terminal.flags() == "1 1 0"
    assert user.row("002 make_t2").endswith("◦ pending")

    user.press("e", expect="the editor has the terminal")
    terminal.enter("bad")
    terminal.until("my editor ended with exit status 3")
    terminal.until("1 -- bad")
    user.quit("q")
    assert (
        (project.migrations / "001_make_t1.sql")
        .read_text()
        .startswith("-- bad\n-- said in the editor\nBEGIN;")
    )
