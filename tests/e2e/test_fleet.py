"""From the matrix of all targets: apply to all that are shown, on the terminal's normal screen."""

from __future__ import annotations

import json
from collections.abc import Callable

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from e2e.conftest import Project
from support.terminal_user import TerminalUser


def tables(dsn: str) -> list[str]:
    with psycopg.connect(dsn, autocommit=True) as conn:
        return [row[0] for row in conn.execute("SELECT relname FROM pg_class WHERE relname ~ '^t[0-9]+$'")]


def test_key_of_the_matrix_applies_to_the_shown_targets(
    project: Project, make_database: Callable[[], str], new_user: Callable[..., TerminalUser]
) -> None:
    dsns = {"other": make_database(), "second": make_database()}
    with (project.root / "koonj.toml").open("a") as file:
        for name, dsn in dsns.items():
            known = make_conninfo("", **{k: v for k, v in conninfo_to_dict(dsn).items() if k != "password"})
            file.write(f"[targets.{name}]\ndsn = {json.dumps(known)}\n")
    project.table(1)
    user = new_user()
    terminal = user.terminal
    user.open("0 applied  1 pending")
    user.press("T", expect="no row differs")
    user.press("l", "x", expect="hidden: other")  # left out

    user.press("a", expect="Apply to 2 targets? Type yes to continue:")
    assert "2 targets: 001" in user.text
    assert terminal.flags() == "0 0 1"
    terminal.press("C-c")
    terminal.until("Press any key to go back to the screen of koonj.")
    assert "cancelled at the prompt. Nothing was changed." in user.text
    assert "not started" not in user.text
    assert " planned " not in user.text
    user.press("Enter", expect="hidden: other")
    assert project.tables() == set()

    terminal.press("a")
    terminal.until(lambda: user.text.rstrip().endswith("Type yes to continue:"))  # not the first one above
    terminal.enter("yes")
    terminal.until("All 2 targets are up to date.")
    terminal.until("4 Run on 2 targets")  # the screen is back by itself, and shows the run
    assert (project.tables(), tables(dsns["second"]), tables(dsns["other"])) == ({"t1"}, ["t1"], [])
    terminal.until("1 applied  nothing pending")
    user.quit("q")
