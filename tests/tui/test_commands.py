"""The command palette: every command by its name, found as one types; Enter runs it, once."""

from __future__ import annotations

import asyncio

import pytest

from koonj.tui.commands import MAIN
from koonj.tui.commands.availability import Offer, nearest
from koonj.tui.commands.command import Group
from koonj.tui.screens.command_palette import Commands, FoundCommands
from koonj.tui.screens.confirm_dialog import Confirm
from koonj.tui.toolkit.key_presses import REPEAT
from support.screen import Project, Screen


async def opened(screen: Screen) -> None:
    await screen.press("colon")
    await screen.until(lambda: isinstance(screen.app.screen, Commands))


def found(screen: Screen) -> list[str]:
    return [offer.name for offer in screen.app.screen.query_one(FoundCommands).found]


@pytest.mark.parametrize("key", ["colon", "ctrl+p"])
async def test_it_lists_every_command_but_those_that_only_move(project: Project, key: str) -> None:
    async with project.open((100, 40)) as screen:
        await screen.press(key)
        await screen.until(lambda: isinstance(screen.app.screen, Commands))
        names = found(screen)
        assert names == [command.name() for command in MAIN if command.listed]
        assert {"apply-next", "quit", "copy", "help"} < set(names)
        assert not {"down", "page-up", "next-pane"} & set(names)
        for command in MAIN:
            if command.listed:
                row = next(r for r in screen.dialog().splitlines() if r[1:].startswith(command.name() + " "))
                assert row.endswith(screen.main.keymap.shown(command)[:1] or ("",)), row
        await screen.press("escape")
        assert screen.app.screen is screen.main


async def test_it_runs_what_was_typed(project: Project) -> None:
    async with project.open() as screen:
        await opened(screen)
        await screen.type("pane run")
        await screen.press("enter")
        await screen.until(lambda: screen.main.pane.NUMBER == "4")
        assert screen.app.screen is screen.main


async def test_up_and_down_choose_while_one_types(project: Project) -> None:
    async with project.open() as screen:
        await opened(screen)
        await screen.type("pane-")
        names = found(screen)
        assert names == ["pane-migrations", "pane-preview", "pane-targets", "pane-run"]
        await screen.press("down", "ctrl+n", "down", "up", "ctrl+p", "enter")
        await screen.until(lambda: screen.main.pane.NUMBER == "2")


async def test_what_cannot_be_used_now_says_why_and_does_not_run(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await opened(screen)
        await screen.type("roll back")
        assert "not now: Nothing is applied on local." in screen.dialog()
        await screen.press("enter")
        assert isinstance(screen.app.screen, Commands)
        assert " ! Nothing is applied on local." in screen.text()


async def test_an_apply_from_here_asks_as_ever_and_a_held_enter_says_nothing(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await opened(screen)
        await screen.type("apply-next")
        for _ in range(12):
            await screen.press("enter")
            await asyncio.sleep(0.04)
        await screen.expect_dialog("Apply 1 migration to local?")
        assert isinstance(screen.app.screen, Confirm)
        await screen.press("n")
        await screen.expect_run("not done")
        assert "0 applied" in screen.top()


async def test_a_held_enter_does_not_go_on_in_what_it_opened(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await opened(screen)
        await screen.type("refresh")
        for _ in range(12):
            await screen.press("enter")
            await asyncio.sleep(0.04)
        assert screen.app.screen is screen.main
        assert screen.main.pane.NUMBER == "1", "an Enter in the migrations would go to the preview"
        await asyncio.sleep(REPEAT)
        await screen.press("enter")
        assert screen.main.pane.NUMBER == "2", "an Enter of its own means what it always does"


async def test_nothing_found(project: Project) -> None:
    async with project.open() as screen:
        await opened(screen)
        await screen.type("xyzzy")
        await screen.press("enter")
        assert isinstance(screen.app.screen, Commands)
        assert "No command has these words" in screen.text()


def offer(name: str, key: str = "", says: str = "") -> Offer:
    return Offer(name, Group.KOONJ, (key,) if key else (), says, None)


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("", ["apply-next", "apply-all", "roll-back-last", "theme", "cancel"]),
        ("A", ["apply-all"]),
        ("apply", ["apply-next", "apply-all", "cancel"]),
        ("apply all", ["apply-all"]),
        ("all", ["apply-all"]),
        ("colours", ["theme"]),
        ("rbl", ["roll-back-last"]),
        ("xyzzy", []),
    ],
)
def test_the_nearest_come_first(typed: str, names: list[str]) -> None:
    offers = (
        offer("apply-next", "a"),
        offer("apply-all", "A"),
        offer("roll-back-last", "r"),
        offer("theme", says="Choose the colours."),
        offer("cancel", "c", "End an apply."),
    )
    assert [one.name for one in nearest(offers, typed)] == names


async def test_every_command_says_why_it_cannot_be_used_wherever_it_is_asked_for(project: Project) -> None:
    async with project.open((200, 40)) as screen:
        reasons = {c: reason for c in MAIN if (reason := c.why_not(screen.main.situation())) is not None}
        assert {"apply-next", "apply-all", "roll-back-last", "cancel", "edit", "copy"} <= {
            command.name() for command in reasons
        }
        for command, reason in reasons.items():
            await screen.press(command.key)
            assert screen.bottom() == f" ! {reason}"
            assert screen.app.screen is screen.main
        await opened(screen)
        for offered in screen.app.screen.query_one(FoundCommands).offers:
            command = next(c for c in MAIN if c.name() == offered.name)
            assert offered.reason == reasons.get(command)


@pytest.mark.parametrize("key", ["question_mark", "colon", "n", "y", "a"])
async def test_ctrl_q_closes_what_is_open_and_then_quits(project: Project, key: str) -> None:
    project.table(1)
    async with project.open() as screen:
        await screen.press(key)
        await screen.until(lambda: screen.app.screen is not screen.main)
        await screen.press("ctrl+q")
        await screen.until(lambda: screen.app.screen is screen.main)
        await screen.until(lambda: not screen.main.control.running)
        assert screen.app.return_code is None
        await screen.press("ctrl+q")
        await screen.until(lambda: screen.app.return_code == 0)
