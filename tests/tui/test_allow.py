"""Allowing on the screen: one conflict at a time, each with its own reason."""

from __future__ import annotations

from typing import Any

import psycopg
from textual.widgets import Input

from koonj.runner.run.conflict import Conflict
from koonj.runner.run.direction import Direction
from koonj.tui.screens.allow_dialog import AllowDialog
from koonj.tui.toolkit.capabilities import Terminal
from koonj.tui.toolkit.key_presses import REPEAT_PAUSE
from support.looks import look_of
from support.screen import Project, Screen, apply

LATE = Conflict(
    "001_make_t1.sql", "late", "001_make_t1.sql is late.", "Give it the next free number.", can_allow=True
)


def decisions(project: Project) -> list[tuple[Any, ...]]:
    with psycopg.connect(project.targets[0].dsn, autocommit=True) as conn:
        return conn.execute(
            "SELECT name, allowed, reason FROM koonj.history WHERE action = 'allow' ORDER BY name"
        ).fetchall()


async def two_late(project: Project, screen: Screen) -> AllowDialog:
    """Apply 9, write 1, 2 and 3, and try to apply all."""
    await apply(screen)
    for number in (1, 2, 3):
        project.table(number)
    await screen.until(lambda: sum(r.word == "late" for r in screen.main.snapshot.rows) == 3)
    await screen.press("A")
    await screen.until(lambda: isinstance(screen.app.screen, AllowDialog))
    dialog = screen.app.screen
    assert isinstance(dialog, AllowDialog)
    return dialog


async def test_each_conflict_has_its_own_reason(project: Project) -> None:
    project.table(9)
    async with project.open() as screen:
        dialog = await two_late(project, screen)
        text = await screen.expect_dialog("Conflict 1 of 3 stops the apply", "001_make_t1.sql: late")
        assert "--" not in text
        assert "koonj renumber" not in text
        await screen.press("f2", "enter")
        assert dialog.reasons == ()  # no reason yet, so there is none to repeat
        await screen.type("one")
        await screen.press("enter")
        await screen.expect_dialog("Conflict 2 of 3", "002_make_t2.sql: late", "same reason again: one")
        await screen.type("two")
        await screen.press("enter")
        await screen.expect_dialog("Conflict 3 of 3", "003_make_t3.sql: late", "same reason again: two")
        await screen.press("f2")
        await screen.until(lambda: screen.app.screen is not dialog)
        await screen.expect_dialog("003_make_t3")
        await screen.yes()
        await screen.expect_run("done")
        assert decisions(project) == [
            ("001_make_t1.sql", "late", "one"),
            ("002_make_t2.sql", "late", "two"),
            ("003_make_t3.sql", "late", "two"),
        ]
        assert screen.main.view is not None
        assert [line.text for line in screen.main.view.log if "allowed" in line.text] == [
            "001_make_t1.sql: late allowed: one",
            "002_make_t2.sql: late allowed: two",
            "003_make_t3.sql: late allowed: two",
        ]


async def test_heading_in_the_border_counts_on(project: Project) -> None:
    project.table(9)
    async with project.open((120, 36), Terminal(theme="dark")) as screen:
        await two_late(project, screen)
        await screen.until("╭─ Conflict 1 of 3 stops the apply to local ─")
        await screen.expect_dialog("Conflict 1 of 3")
        await screen.type("one")
        await screen.press("enter")
        await screen.until("╭─ Conflict 2 of 3 stops the apply to local ─")


async def test_dialog_of_a_protected_target_is_unmistakable(protected: Project) -> None:
    protected.table(1)
    async with protected.open((120, 36), Terminal(theme="dark")) as screen:
        screen.app.push_screen(AllowDialog(protected.targets[0], (LATE,), Direction.ROLLBACK))
        await screen.until("┏━ A conflict stops the rollback on production  PROTECTED ━")
        y = next(y for y, line in enumerate(screen.lines()) if "A conflict" in line)
        assert look_of(screen.app, " A conflict ", y) == ("background", "error", True)


async def test_keys_that_were_typed_before_the_dialog_could_be_read_give_no_reason(project: Project) -> None:
    project.table(9)
    async with project.open() as screen:
        dialog = await two_late(project, screen)
        await screen.until(lambda: dialog.painted_for() > 0)  # else it is noted later
        dialog._painted = None  # as if it was not painted yet
        await screen.type("016")
        await screen.press("enter")
        await screen.until("Ignored: typed before this could be read")
        assert dialog.query_one(Input).value == ""
        assert dialog.reasons == ()
        dialog._record_paint()
        await screen.expect_dialog("Conflict 1 of 3")
        await screen.type("one")
        await screen.press("enter")
        await screen.until(lambda: dialog.reasons == ("one",))
        await screen.until(lambda: dialog.painted_for() > 0)
        dialog._painted = None  # the next conflict must be read too
        await screen.type("two")
        assert dialog.query_one(Input).value == ""
        await screen.press("escape")
        await screen.until(lambda: screen.app.screen is not dialog)


async def second_conflict(project: Project, screen: Screen) -> AllowDialog:
    """Give a reason for the first conflict of `two_late`, and wait for the second one."""
    dialog = await two_late(project, screen)
    await screen.expect_dialog("Conflict 1 of 3")
    await screen.type("one")
    await screen.press("enter")
    await screen.expect_dialog("Conflict 2 of 3")
    return dialog


async def test_a_held_key_gives_the_same_reason_once(project: Project) -> None:
    project.table(9)
    async with project.open() as screen:
        dialog = await second_conflict(project, screen)
        await screen.press("f2")
        await screen.until("Conflict 3 of 3")
        await screen.expect_dialog("Conflict 3 of 3")
        await screen.press("f2")
        await screen.until("Ignored: the key was pressed too early or held down")
        assert dialog.reasons == ("one", "one")
        screen.later(REPEAT_PAUSE)
        await screen.press("f2")
        await screen.until(lambda: dialog.reasons == ("one", "one", "one"))


async def test_a_no_to_one_conflict_allows_none(project: Project) -> None:
    project.table(9)
    async with project.open() as screen:
        dialog = await second_conflict(project, screen)
        await screen.press("escape")
        await screen.until(lambda: screen.app.screen is not dialog)
        assert not screen.main.control.running
        assert decisions(project) == []
