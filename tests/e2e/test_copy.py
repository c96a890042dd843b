"""The key y copies to the terminal's clipboard (OSC 52) and shows the copied text."""

from __future__ import annotations

from collections.abc import Callable

from e2e.conftest import Project
from support.terminal_user import TerminalUser


def test_y_copies_to_the_clipboard_and_shows_the_text(
    project: Project, new_user: Callable[..., TerminalUser]
) -> None:
    project.table(1)
    user = new_user()
    terminal = user.terminal
    terminal.accept_clipboard()
    user.open("0 applied  1 pending")
    user.press("2", "y", expect="bytes to the terminal's clipboard")
    body = "BEGIN;\nCREATE TABLE t1 ();\nCOMMIT;\n"
    terminal.until(lambda: terminal.clipboard() == body)
    assert body.strip() in user.text
    terminal.press("Escape")
    terminal.until_gone("bytes to the terminal's clipboard")
    user.press("1", "y", expect="the path of 001_make_t1.sql")
    terminal.until(lambda: terminal.clipboard() == "database/migrations/001_make_t1.sql")
    terminal.press("Escape")
    terminal.until_gone("bytes to the terminal's clipboard")
    user.press(":", expect=":name, key or words")
    terminal.type("pane run")
    terminal.press("Enter")
    terminal.until(lambda: user.is_reversed("4 Run"))
    user.quit("q")
