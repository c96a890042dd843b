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


def test_long_line_is_one_line_on_the_plain_screen(
    project: Project, new_user: Callable[..., TerminalUser]
) -> None:
    line = "SELECT '" + "".join(chr(97 + i % 26) for i in range(200)) + "';"
    project.write("001_wide.sql", f"{line}\n-- Rollback: none: it reads\n")
    user = new_user()
    terminal = user.terminal
    user.open("0 applied  1 pending")
    user.press("2", "y", expect="here 1 line is cut")
    assert line not in terminal.unwrapped(), "koonj places each row, so the terminal cannot join them"
    user.press("t", expect="To come back to koonj, press any key.")
    terminal.until(lambda: line in terminal.unwrapped().splitlines())
    assert terminal.flags() == "0 0 1", "the terminal's own mouse selects"
    user.press("C-c", expect="here 1 line is cut")
    assert "To come back" not in user.text
    terminal.press("Escape")
    terminal.until_gone("here 1 line is cut")
    user.quit("q")
