"""Terminals that are suspended, have no colour, or cannot show a screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from e2e.conftest import Project
from support.terminal_user import TerminalUser


def test_suspended_koonj_is_resumed_with_fg(project: Project, new_user: Callable[..., TerminalUser]) -> None:
    project.copy(3)
    user = new_user()
    terminal = user.terminal
    user.open("0 applied  3 pending")
    user.press("j", expect="1 -- 002_create_roles")
    seen = terminal.cells()
    for _ in range(2):
        user.press("C-z", expect="Stopped")
        terminal.until_prompt()
        assert terminal.flags() == "0 0 1"
        terminal.until(lambda: terminal.modes() == set())
        terminal.enter("clear")
        terminal.until(lambda: "Stopped" not in user.text)
        terminal.enter("fg")
        terminal.until(lambda: terminal.cells() == seen)
        assert terminal.flags() == "1 1 0"
    user.press("j", expect="›003")
    terminal.press("q")
    terminal.until_prompt()
    assert terminal.shell("jobs") == ""
    assert terminal.flags() == "0 0 1"


def test_no_color_sends_no_colour(project: Project, new_user: Callable[..., TerminalUser]) -> None:
    project.copy(3)
    project.write("004_wrong.sql", "SELECT nope;\n")
    user = new_user(NO_COLOR="1")
    terminal = user.terminal
    user.open("0 applied  4 pending")
    assert user.is_reversed("›001 create_users")
    assert not user.is_reversed("004 wrong")
    user.press("j", expect="›002")
    terminal.until(lambda: user.is_reversed("›002 create_roles"))
    assert terminal.colours() == []
    user.press("A", expect="Apply 4 migrations to local?")
    assert terminal.colours() == []
    user.confirm("Apply 4 migrations to local?")
    terminal.until("3 applied  1 pending")
    terminal.until("42703")
    terminal.until(lambda: user.row("004 wrong").endswith("✗ failed"))
    assert user.row("003 seed").endswith("✓ applied")
    assert terminal.colours() == []
    user.press("n", expect="Enter fill in")
    assert terminal.colours() == []
    user.press("Escape", expect="1 Migrations")
    user.quit("q")


def test_keys_in_one_packet_reach_the_right_screen(
    project: Project, new_user: Callable[..., TerminalUser]
) -> None:
    project.copy(5)
    user = new_user()
    terminal = user.terminal
    user.open("0 applied  5 pending")
    terminal.press("/", *"role", "Enter", "j")
    terminal.until("003_seed_roles_and_permissions.sql")
    assert [row[1:4] for row in user.rows()] == ["002", "003", "004"]
    user.press("Escape")
    terminal.until(lambda: len(user.rows()) == 5)
    for _ in range(3):
        terminal.press("n", "Escape")  # Escape closes the palette before the patterns are read
        terminal.until("1 Migrations")
    user.press("n", expect="Tables")
    terminal.press("/", *"create_index", "Enter", *"users", "Enter", *"email", "Enter")
    terminal.until("CREATE INDEX CONCURRENTLY users_email_idx")
    user.press("Escape")
    terminal.until("Enter fill in")
    user.press("Escape", expect="1 of ")
    user.press("Escape", expect="1 Migrations")
    assert len(user.rows()) == 5
    user.quit("q")


def test_colour_is_the_default(project: Project, new_user: Callable[..., TerminalUser]) -> None:
    project.copy(1)
    user = new_user()
    user.open("0 applied  1 pending")
    assert user.terminal.colours()
    user.quit("q")


@pytest.mark.parametrize(
    "command", ["TERM=dumb koonj", "TERM= koonj", "koonj < /dev/null", "koonj 2> err || (cat err; exit 2)"]
)
def test_screen_is_refused_without_a_usable_terminal(
    project: Project, new_user: Callable[..., TerminalUser], command: str
) -> None:
    project.copy(1)
    user = new_user()
    user.open("exit=2", command)
    assert "Use the commands instead: koonj status, koonj apply, koonj rollback" in user.terminal.unwrapped()
    user.expect_clean_terminal(status=2)
