"""Applied, pending and conflicts have one definition: the command, its JSON and the screen show the same numbers."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace

import psycopg
import pytest

from koonj.cli.main import main
from koonj.migrations.states import MEANINGS, State
from koonj.tui.toolkit.capabilities import Terminal
from support.screen import Project

_ENTRIES = (
    ("007_make_t7.sql", "apply", "failed", 1),
    ("008_make_t8.sql", "apply", "started", 1),
    ("009_make_t9.sql", "adopt", "done", 1),
    ("010_call.sql", "apply", "started", 2),
)
"""Entries that a run cannot leave so in a test: file name, action and outcome."""

CALL = """
CREATE PROCEDURE p() LANGUAGE plpgsql AS $$BEGIN COMMIT; END$$;
VACUUM;
CALL p();
-- Rollback:
-- DROP PROCEDURE p;
"""


@pytest.fixture
def every_state(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose target has a migration in every state but `running`."""
    dsn = project.targets[0].dsn
    (project.root / "koonj.toml").write_text(
        f'migrations = "database/migrations"\n[targets.local]\ndsn = "{dsn}"\n'
    )
    monkeypatch.chdir(project.root)
    for number in (1, 2, 3, 4, 6, 7, 8, 9, 11):
        project.table(number)
    project.write("010_call.sql", CALL)
    assert main(["trust"]) == 0
    assert main(["apply", "--all", "--yes"]) == 0
    _edit(project, 1, "int PRIMARY KEY", "bigint PRIMARY KEY")
    _edit(project, 2, "BEGIN;\nCREATE", "-- the second\nBEGIN;\nCREATE")
    _edit(project, 3, "DROP TABLE", "DROP TABLE IF EXISTS")
    (project.migrations / "004_make_t4.sql").unlink()
    project.table(5)
    project.write("006_again.sql", "SELECT 1;\n-- Rollback: none: it reads\n")
    (project.migrations / "011_make_t11.sql").rename(project.migrations / "012_make_t11.sql")
    project.table(13)
    with psycopg.connect(dsn, autocommit=True) as connection:
        for entry in _ENTRIES:
            connection.execute(
                "UPDATE koonj.history SET action = %(action)s, outcome = %(outcome)s, statements_done = %(done)s, "
                "finished = CASE WHEN %(outcome)s = 'started' THEN NULL ELSE finished END WHERE name = %(name)s",
                dict(zip(("name", "action", "outcome", "done"), entry, strict=True)),
            )
    return project


def _edit(project: Project, number: int, old: str, new: str) -> None:
    path = project.migrations / f"{number:03}_make_t{number}.sql"
    path.write_text(path.read_text().replace(old, new))


async def _shown(project: Project, theme: str = "terminal") -> str:
    """Return the first line of the screen and its list of targets."""
    async with project.open((200, 50), Terminal(theme=theme)) as screen:
        return "\n".join((screen.top(), *screen.targets()))


async def _of_list_and_matrix(project: Project) -> tuple[str, str]:
    """Return the title of the list, and the text of the matrix."""
    target = project.targets[0]
    both = Project(
        project.root, target, replace(target, name="twin")
    )  # the matrix is for two targets and more
    async with both.open((200, 50)) as screen:
        title = screen.pane("1")[0]
        await screen.press("T")
        await screen.until("2 targets, ")
        await screen.until(lambda: bool(re.search(r"local  \d+ applied", screen.text())))
        return title, screen.text()


def numbers(text: str) -> dict[str, int]:
    """Return the numbers before ``applied``, ``pending`` and ``conflicts`` in a text, each once."""
    found: dict[str, int] = {}
    for number, word in re.findall(r"\b(0|[1-9]\d*) (applied|pending|conflict)s?\b", text):
        assert found.setdefault(word, int(number)) == int(number), text
    return found


def test_command_json_and_screen_show_the_same_counts(
    every_state: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    main(["status", "--json"])
    report = json.loads(capsys.readouterr().out)
    states = {State(migration["state"]) for migration in report["migrations"]}
    assert states == set(MEANINGS) - {State.RUNNING}
    expected = {"applied": report["applied"], "pending": report["pending"], "conflict": report["conflicts"]}
    assert expected["conflict"] == len(report["needs_decision"])
    assert expected["applied"] + expected["pending"] == len(report["migrations"])
    main(["status"])
    line = capsys.readouterr().out.splitlines()[1]
    assert numbers(line) == expected
    main(["status", "--all-targets"])
    assert numbers(capsys.readouterr().out.splitlines()[0]) == expected
    main(["status", "--all-targets", "--json"])
    (target,) = json.loads(capsys.readouterr().out)["targets"]
    assert (target["applied"], target["pending"], target["conflicts"]) == tuple(expected.values())
    shown = asyncio.run(_shown(every_state))
    assert numbers(shown) == expected
    assert "! 2 interrupted: " in shown
    assert "5 other conflicts: ✎ 001 edited" in shown
    total = len(report["migrations"])
    title, matrix = asyncio.run(_of_list_and_matrix(every_state))
    assert title.endswith(f"1 of {total}")
    assert f"2 targets, {total} migrations" in matrix
    assert numbers(next(line for line in matrix.splitlines() if line.startswith(" local  "))) == expected


def test_first_line_and_targets_of_dark_show_the_counts_of_the_command(
    every_state: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    main(["status", "--json"])
    report = json.loads(capsys.readouterr().out)
    found = numbers(asyncio.run(_shown(every_state, "dark")))
    expected = {"applied": report["applied"], "pending": report["pending"], "conflict": report["conflicts"]}
    assert found == {word: expected[word] for word in found}
    assert {"applied", "pending"} <= set(found)
