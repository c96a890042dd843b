"""y sends the text to the terminal's clipboard (OSC 52), here tmux's; y says so, and shows it."""

from __future__ import annotations

from collections.abc import Callable

from e2e.conftest import Project
from support.person import Person


def test_what_y_copies_is_in_the_clipboard_and_on_the_screen(
    project: Project, person: Callable[..., Person]
) -> None:
    project.table(1)
    user = person()
    terminal = user.terminal
    terminal.take_clipboard()
    user.opens("0 applied  1 pending")
    user.presses("2", "y", sees="bytes to the terminal's clipboard")
    body = "BEGIN;\nCREATE TABLE t1 ();\nCOMMIT;\n"
    terminal.until(lambda: terminal.clipboard() == body)
    assert body.strip() in user.text
    terminal.press("Escape")
    terminal.until_gone("bytes to the terminal's clipboard")
    user.presses("1", "y", sees="the path of 001_make_t1.sql")
    terminal.until(lambda: terminal.clipboard() == "database/migrations/001_make_t1.sql")
    terminal.press("Escape")
    terminal.until_gone("bytes to the terminal's clipboard")
    user.presses(":", sees=":name, key or words")
    terminal.type("pane run")
    terminal.press("Enter")
    terminal.until(lambda: user.is_reversed("4 Run"))
    user.leaves("q")
