"""The command palette: finds commands as the user types; Enter runs one, once."""

from __future__ import annotations

import pytest

from koonj.tui.commands.availability import CommandEntry, best_matches
from koonj.tui.commands.command import Group
from koonj.tui.commands.dialogs import DIALOGS
from koonj.tui.commands.full_screens import MATRIX
from koonj.tui.commands.main_screen import MAIN
from koonj.tui.screens.command_palette import CommandPaletteDialog, FoundCommands
from koonj.tui.screens.confirm_dialog import ConfirmDialog
from koonj.tui.toolkit.key_presses import REPEAT_PAUSE
from support.screen import Project, Screen


async def opened(screen: Screen) -> None:
    await screen.press("colon")
    await screen.until(lambda: isinstance(screen.app.screen, CommandPaletteDialog))


def found(screen: Screen) -> list[str]:
    return [offer.name for offer in screen.app.screen.query_one(FoundCommands).found]


@pytest.mark.parametrize("key", ["colon", "ctrl+p"])
async def test_palette_lists_every_command_except_moves(project: Project, key: str) -> None:
    async with project.open((100, 40)) as screen:
        await screen.press(key)
        await screen.until(lambda: isinstance(screen.app.screen, CommandPaletteDialog))
        names = found(screen)
        listed = [command for command in MAIN if command.listed]
        usual = [command.name() for command in listed if not command.only_available]
        rare = [command.name() for command in listed if command.only_available]
        elsewhere = [command.name() for command in (*MATRIX, *DIALOGS)]
        assert names == [*usual, *rare, *elsewhere], (
            "nothing is interrupted or blocked, and the folder is trusted"
        )
        assert {"apply-next", "quit", "copy", "help"} < set(names)
        assert not {"down", "page-up", "next-pane"} & set(names)
        for command in MAIN:
            if command.listed:
                row = next(r for r in screen.dialog().splitlines() if r[1:].startswith(command.name() + " "))
                assert row.endswith(screen.main.keymap.display_keys(command)[:1] or ("",)), row
        await screen.press("escape")
        assert screen.app.screen is screen.main


async def test_enter_runs_the_best_match(project: Project) -> None:
    async with project.open() as screen:
        await opened(screen)
        await screen.type("pane run")
        await screen.press("enter")
        await screen.until(lambda: screen.main.pane.NUMBER == "4")
        assert screen.app.screen is screen.main


async def test_up_and_down_select_while_typing(project: Project) -> None:
    async with project.open() as screen:
        await opened(screen)
        await screen.type("pane-")
        names = found(screen)
        assert names == ["pane-migrations", "pane-preview", "pane-targets", "pane-run"]
        await screen.press("down", "ctrl+n", "down", "up", "ctrl+p", "enter")
        await screen.until(lambda: screen.main.pane.NUMBER == "2")


async def test_unavailable_command_shows_its_reason_and_does_not_run(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await opened(screen)
        await screen.type("roll back")
        assert "not available: Nothing is applied on local." in screen.dialog()
        await screen.press("enter")
        assert isinstance(screen.app.screen, CommandPaletteDialog)
        assert " ! Nothing is applied on local." in screen.text()


async def test_apply_from_the_palette_asks_and_held_enter_does_not_confirm(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await opened(screen)
        await screen.type("apply-next")
        await screen.hold("enter")
        await screen.expect_dialog("Apply 1 migration to local?")
        assert isinstance(screen.app.screen, ConfirmDialog)
        await screen.press("n")
        await screen.expect_run("not confirmed")
        assert "0 applied" in screen.top()


async def test_held_enter_does_nothing_after_the_palette_closes(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await opened(screen)
        await screen.type("refresh")
        await screen.hold("enter")
        assert screen.app.screen is screen.main
        assert screen.main.pane.NUMBER == "1", "Enter in the migrations would go to the preview"
        screen.later(REPEAT_PAUSE)
        await screen.press("enter")
        assert screen.main.pane.NUMBER == "2", "a new Enter works as usual"


async def test_enter_shows_a_message_when_nothing_matches(project: Project) -> None:
    async with project.open() as screen:
        await opened(screen)
        await screen.type("xyzzy")
        await screen.press("enter")
        assert isinstance(screen.app.screen, CommandPaletteDialog)
        assert "No command matches" in screen.text()


def offer(name: str, key: str = "", says: str = "") -> CommandEntry:
    return CommandEntry(name, Group.KOONJ, (key,) if key else (), says, None)


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
def test_best_matches_come_first(typed: str, names: list[str]) -> None:
    offers = (
        offer("apply-next", "a"),
        offer("apply-all", "A"),
        offer("roll-back-last", "r"),
        offer("theme", says="Choose the colours."),
        offer("cancel", "c", "End an apply."),
    )
    assert [one.name for one in best_matches(offers, typed)] == names


async def test_unavailable_command_shows_the_same_reason_by_key_and_palette(project: Project) -> None:
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
        for offered in screen.app.screen.query_one(FoundCommands).entries:
            command = next(c for c in (*MAIN, *MATRIX, *DIALOGS) if c.name() == offered.name)
            assert offered.reason == command.why_not(screen.main.situation())
            assert (command in {*MATRIX, *DIALOGS}) <= (offered.reason is not None)


@pytest.mark.parametrize("key", ["question_mark", "colon", "n", "y", "a"])
async def test_ctrl_q_closes_the_open_screen_and_then_quits(project: Project, key: str) -> None:
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
