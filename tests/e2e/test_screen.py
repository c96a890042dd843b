"""What the screen offers beside the run, in a real terminal: editor, command palette, zoom."""

from __future__ import annotations

from collections.abc import Callable

from e2e.conftest import Project
from support.person import Person


def test_a_file_is_edited_here_and_applied(project: Project, person: Callable[..., Person]) -> None:
    project.table(1)
    file = project.migrations / "001_make_t1.sql"
    before = file.read_text()
    user = person()
    terminal = user.terminal
    user.opens("0 applied  1 pending")
    user.presses("i", sees="No problems")
    terminal.type("-- typed here")
    terminal.press("Enter")
    terminal.until("changed, not saved")
    assert file.read_text() == before
    user.presses("C-s", sees="Saved.")
    assert file.read_text() == f"-- typed here\n{before}"
    user.presses("Escape", sees="1 -- typed here")
    assert user.row("001").startswith("›")
    user.presses("a", sees="Apply 1 migration to local?")
    user.says_yes("Apply 1 migration to local?")
    terminal.until("1 applied  nothing pending")
    assert project.tables() == {"t1"}
    user.presses("i", sees="ran on local")
    terminal.type("x")
    terminal.until("changed, not saved")
    user.presses("Escape", sees="has unsaved changes")
    user.decides("has unsaved changes", "d")
    terminal.until("✓ applied")
    assert file.read_text() == f"-- typed here\n{before}"
    user.leaves("q")


def test_a_command_by_its_name(project: Project, person: Callable[..., Person]) -> None:
    project.table(1)
    project.table(2)
    user = person()
    terminal = user.terminal
    user.opens("0 applied  2 pending")
    user.presses(":", sees=":name, key or words")
    terminal.type("apply all")
    terminal.until(lambda: user.is_reversed("apply-all"))
    user.presses("Enter", sees="Apply 2 migrations to local?")
    user.says_yes("Apply 2 migrations to local?")
    terminal.until("2 applied  nothing pending")
    user.leaves("q")


def test_a_pane_takes_the_screen_and_gives_it_back(project: Project, person: Callable[..., Person]) -> None:
    project.copy(5)
    user = person()
    terminal = user.terminal
    user.opens("0 applied  5 pending")
    user.presses("2", sees="next tab")
    seen = terminal.cells()
    user.presses("+")
    terminal.until_gone("1 Migrations")
    assert "2 [Body]" in user.text
    user.presses("1", sees="1 Migrations")
    terminal.until_gone("2 [Body]")
    user.presses("2", sees="2 [Body]")
    user.presses("+", sees="1 Migrations")
    terminal.until(lambda: terminal.cells() == seen)
    user.leaves("q")
