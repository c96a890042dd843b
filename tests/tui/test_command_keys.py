"""Keys of commands: key, footer and help come from one declaration."""

from __future__ import annotations

from collections import Counter

from koonj.tui.commands.command import Group
from koonj.tui.commands.main_screen import MAIN
from koonj.tui.toolkit.key_names import display_key
from support.screen import Project


def test_no_key_runs_two_commands() -> None:
    counted = Counter(key for command in MAIN for key in command.all_keys())
    assert [key for key, count in counted.items() if count > 1] == []


def test_every_command_has_help_and_label() -> None:
    for command in MAIN:
        assert command.help().endswith("."), command
        assert command.label, command
        assert command.name() == command.name().lower()


def test_command_names_are_unique() -> None:
    assert len({command.name() for command in MAIN}) == len(MAIN)


async def test_help_lists_commands_of_current_pane_first(project: Project) -> None:
    async with project.open((100, 60)) as screen:
        await screen.press("2", "question_mark")
        text = await screen.expect_dialog("Help")
        assert text.index(Group.PREVIEW.heading) < text.index(Group.MIGRATIONS.heading)
        for command in MAIN:
            assert display_key(command.key) in text
            why = command.why_not(screen.main.situation())
            assert (why or command.help()).split()[0].rstrip(".,:") in text
        await screen.press("escape")
        assert screen.app.screen is screen.main


async def test_numbers_and_tab_focus_panes(project: Project) -> None:
    async with project.open() as screen:
        for keys, number in (
            (["2"], "2"),
            (["3"], "3"),
            (["4"], "4"),
            (["1"], "1"),
            (["tab"], "2"),
            (["shift+tab"], "1"),
        ):
            await screen.press(*keys)
            assert number == screen.main.pane.NUMBER


async def test_focused_pane_is_visible_without_colour(project: Project) -> None:
    async with project.open() as screen:
        await screen.press("2")
        panes = {pane.NUMBER: pane for pane in screen.main.panes}
        assert screen.reversed_texts(panes["2"], 0)[0].startswith("2 [Body]")
        assert not screen.reversed_texts(panes["1"], 0)


async def test_footer_shows_keys_of_current_pane(project: Project) -> None:
    project.table(1)
    async with project.open((80, 24)) as screen:
        assert screen.bottom().split() == (
            [
                "a",
                "apply",
                "A",
                "all",
                "n",
                "new",
                "i",
                "edit",
                "/",
                "filter",
                "t",
                "target",
                "p",
                "rehearse",
                "?",
                "help",
                "q",
                "quit",
            ]
        )
        await screen.press("2")
        assert "v next tab" in screen.bottom()
        await screen.press("3")
        assert "Enter choose" in screen.bottom()


async def test_missing_editor_is_reported(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await screen.press("e")
        assert screen.bottom().startswith(" ! ")


async def test_q_quits_with_exit_code_0(project: Project) -> None:
    async with project.open() as screen:
        await screen.press("q")
        await screen.until(lambda: screen.app.return_code == 0)
