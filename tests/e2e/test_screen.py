"""Editor, command palette and zoom in a real terminal."""

from __future__ import annotations

from collections.abc import Callable

from e2e.conftest import Project
from support.terminal_user import TerminalUser


def test_file_is_edited_and_applied(project: Project, new_user: Callable[..., TerminalUser]) -> None:
    project.table(1)
    file = project.migrations / "001_make_t1.sql"
    before = file.read_text()
    user = new_user()
    terminal = user.terminal
    user.open("0 applied  1 pending")
    user.press("i", expect="No problems")
    terminal.type("-- typed here")
    terminal.press("Enter")
    terminal.until("changed, not saved")
    assert file.read_text() == before
    user.press("C-s", expect="Saved.")
    assert file.read_text() == f"-- typed here\n{before}"
    user.press("Escape", expect="1 -- typed here")
    assert user.row("001").startswith("›")
    user.press("a", expect="Apply 1 migration to local?")
    user.confirm("Apply 1 migration to local?")
    terminal.until("1 applied  nothing pending")
    assert project.tables() == {"t1"}
    user.press("i", expect="Ran on local")
    terminal.type("x")
    terminal.until("changed, not saved")
    user.press("Escape", expect="has unsaved changes")
    user.answer_dialog("has unsaved changes", "d")
    terminal.until("✓ applied")
    assert file.read_text() == f"-- typed here\n{before}"
    user.quit("q")


def test_command_palette_runs_a_command_by_its_name(
    project: Project, new_user: Callable[..., TerminalUser]
) -> None:
    project.table(1)
    project.table(2)
    user = new_user()
    terminal = user.terminal
    user.open("0 applied  2 pending")
    user.press(":", expect=":name, key or words")
    terminal.type("apply all")
    terminal.until(lambda: user.is_reversed("apply-all"))
    user.press("Enter", expect="Apply 2 migrations to local?")
    user.confirm("Apply 2 migrations to local?")
    terminal.until("2 applied  nothing pending")
    user.quit("q")


def test_zoom_fills_the_screen_and_is_undone(project: Project, new_user: Callable[..., TerminalUser]) -> None:
    project.copy(5)
    user = new_user()
    terminal = user.terminal
    user.open("0 applied  5 pending")
    user.press("2", expect="next tab")
    seen = terminal.cells()
    user.press("+")
    terminal.until_gone("1 Migrations")
    assert "2 [Body]" in user.text
    user.press("1", expect="1 Migrations")
    terminal.until_gone("2 [Body]")
    user.press("2", expect="2 [Body]")
    user.press("+", expect="1 Migrations")
    terminal.until(lambda: terminal.cells() == seen)
    user.quit("q")
