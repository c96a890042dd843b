"""Dialogs in dark and light: the question in the border, the screen behind, and what is about production."""

from __future__ import annotations

from dataclasses import replace

import pytest

from koonj.tui.theme.tokens import TOKENS
from koonj.tui.toolkit.capabilities import Terminal
from support.looks import cells, look_of
from support.screen import Project

DARK = Terminal(theme="dark")
SIZE = (120, 36)


async def test_question_stands_in_the_border(tables: Project) -> None:
    async with tables.open(SIZE, DARK) as screen:
        await screen.press("A")
        await screen.expect_dialog()
        app = screen.app
        assert look_of(app, " Apply 3 migrations to local? ") == ("background", "accent", True)
        assert look_of(app, " target ")[:2] == ("muted", "surface")
        assert look_of(app, "confirm") == ("text", "raised", False)
        assert "┏" not in screen.text()
        assert screen.text().count("Apply 3 migrations to local?") == 1


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_dialog_of_a_protected_target_is_heavy_and_red(protected: Project, theme: str) -> None:
    for number in (1, 2, 3):
        protected.table(number)
    protected.targets = (replace(protected.targets[0], require_verified=False),)
    async with protected.open(SIZE, Terminal(theme=theme)) as screen:
        await screen.press("A")
        await screen.expect_dialog()
        app = screen.app
        assert look_of(app, " Apply 3 migrations to production?  PROTECTED ") == ("background", "error", True)
        assert look_of(app, "┏")[:2] == ("error", "surface")
        line = next(y for y, text in enumerate(screen.lines()) if " target " in text)
        assert look_of(app, " production ", line) == ("background", "error", True)
        assert look_of(app, "confirm") == ("text", "danger", False)
        assert all(corner in screen.text() for corner in "┏┓┗┛┃")


async def test_screen_behind_is_dimmed_but_not_over_ssh(tables: Project) -> None:
    shown: dict[bool, str] = {}
    for remote in (False, True):
        async with tables.open(SIZE, replace(DARK, remote=remote)) as screen:
            await screen.press("question_mark")
            await screen.expect_dialog()
            colour = cells(screen.app)[0][1][1].color
            assert colour is not None
            assert colour.triplet is not None
            shown[remote] = colour.triplet.hex
    assert shown[True] == TOKENS["text"].dark
    assert shown[False] != TOKENS["text"].dark


async def test_visible_lines_in_the_border_follow_the_text(tables: Project) -> None:
    async with tables.open((100, 24), DARK) as screen:
        await screen.press("question_mark")
        await screen.expect_dialog()
        await screen.until("1-")
        await screen.press("pagedown")
        await screen.until(lambda: " 1-" not in screen.text())


async def test_dialogs_of_the_terminal_theme_are_as_before(tables: Project) -> None:
    async with tables.open(SIZE) as screen:
        await screen.press("A")
        await screen.expect_dialog()
        assert "┌" in screen.text()
        assert not set("╭┏") & set(screen.text())
