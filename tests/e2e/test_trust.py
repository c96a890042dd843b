"""A new user opens a cloned project: one question, once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from e2e.conftest import Project
from support.terminal_user import TerminalUser


def test_new_user_answers_one_question_and_applies(
    project: Project, home: Path, new_user: Callable[..., TerminalUser]
) -> None:
    project.copy(2)
    user = new_user(KOONJ_TRUST="", KOONJ_REHEARSE="1")
    user.open("Trust this folder?")
    assert "the SQL of the migrations on a scratch server" in user.text
    user.press("Enter", "n", expect="! folder not trusted")
    user.press("A", expect="You do not trust this folder yet")
    user.press("u", expect="Trust this folder?")
    user.confirm("Trust this folder?")
    user.terminal.until(lambda: user.text.count("◉") >= 2)
    user.press("A", expect="Apply 2 migrations to local?")
    user.confirm("Apply 2 migrations to local?")
    user.terminal.until("2 applied  nothing pending")
    user.quit("q")
    user.open("2 applied  nothing pending")
    assert "trust" not in user.terminal.lines()[-1]
    user.quit("q")
