"""Dialogs in dark and light: the question in the border, the screen behind, and what is about production."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Input

from koonj.tui.screens.dialog import DialogText
from koonj.tui.screens.pattern_palette import PatternPalette
from koonj.tui.theme.tokens import TOKENS
from koonj.tui.toolkit.capabilities import Terminal
from koonj.tui.widgets.dialog_field import DialogField
from koonj.tui.widgets.form_field import FieldRow
from support.looks import cells, look_of
from support.screen import Project, Screen

DARK = Terminal(theme="dark")
SIZE = (120, 36)


def _line(screen: Screen, text: str) -> int:
    return next(y for y, line in enumerate(screen.lines()) if text in line)


async def test_question_stands_in_the_border(tables: Project) -> None:
    async with tables.open(SIZE, DARK) as screen:
        await screen.press("A")
        await screen.expect_dialog()
        app = screen.app
        assert look_of(app, " Apply 3 migrations to local? ") == ("background", "accent", True)
        assert look_of(app, "► local   PostgreSQL")[:2] == ("accent", "raised")
        assert look_of(app, "migrations  3")[:2] == ("muted", "surface")
        assert look_of(app, " y ") == ("background", "accent", True)
        assert look_of(app, "apply", _line(screen, " y ")) == ("text", "raised", False)
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
        assert look_of(app, " Apply 3 migrations to production? ") == ("background", "error", True)
        assert look_of(app, "┏")[:2] == ("error", "surface")
        line = _line(screen, "▴ production   PROTECTED   PostgreSQL")
        assert look_of(app, "▴ production", line) == ("error", "danger", True)
        assert look_of(app, "PROTECTED", line) == ("error", "danger", True)
        assert look_of(app, "To apply, type production")[:2] == ("text", "danger")
        assert all(corner in screen.text() for corner in "┏┓┗┛┃")


async def test_letters_to_type_are_muted_and_enter_too_until_they_are_typed(protected: Project) -> None:
    protected.table(1)
    protected.targets = (replace(protected.targets[0], require_verified=False),)
    async with protected.open(SIZE, DARK) as screen:
        await screen.press("a")
        await screen.expect_dialog()
        app, keys = screen.app, _line(screen, "Enter  apply")
        assert look_of(app, "Enter", keys)[0] == "muted"
        await screen.type("prod")
        field = _line(screen, "4 of 10 characters")
        assert look_of(app, "prod", field)[2]
        assert look_of(app, "ction", field)[0] == "muted"
        assert look_of(app, "Enter", keys)[0] == "muted"
        await screen.press("right", "end", "enter")
        assert screen.app.screen is not screen.main, "no key takes the muted letters over"
        await screen.type("x")
        assert look_of(app, "different", field)[0] == "error"
        assert "ction" not in screen.lines()[field]
        await screen.press("backspace")
        await screen.type("uction")
        assert "10 of 10 characters" in screen.lines()[field]
        assert look_of(app, " Enter ", keys) == ("background", "accent", True)
        await screen.press("enter")
        await screen.expect_run("done")


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


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_field_is_raised_and_that_with_the_focus_is_selected(project: Project, theme: str) -> None:
    project.table(1)
    async with project.open(SIZE, Terminal(theme=theme)) as screen:
        await screen.press("M")
        await screen.until("Rename 001_make_t1.sql?")
        app, field = screen.app, screen.app.screen.query_one("#typed", DialogField)
        await screen.until(lambda: field.has_focus)
        assert look_of(app, "ake_t1", field.region.y)[:2] == ("text", "selected")
        screen.app.screen.set_focus(screen.app.screen.query_one(DialogText))
        await screen.until(lambda: look_of(app, "ake_t1", field.region.y)[:2] == ("text", "raised"))
        await screen.press("escape", "n")
        await screen.until(
            lambda: isinstance(app.screen, PatternPalette) and bool(app.screen.query(FieldRow))
        )
        await screen.press("enter")
        await screen.until(lambda: isinstance(app.focused, Input))
        first, second = list(app.screen.query("FieldRow Input").results(Input))[:2]
        assert first.has_focus
        await screen.type("abc")
        await screen.press("tab")
        await screen.until(lambda: second.has_focus)
        await screen.until(lambda: look_of(app, "abc", first.region.y)[1] == "raised")
        await screen.press("shift+tab")
        await screen.until(lambda: look_of(app, "abc", first.region.y)[1] == "selected")


async def test_field_has_no_ground_in_the_colours_of_the_terminal(project: Project) -> None:
    project.table(1)
    async with project.open(SIZE) as screen:
        await screen.press("M")
        await screen.until("Rename 001_make_t1.sql?")
        field = screen.app.screen.query_one("#typed", DialogField)
        await screen.until(lambda: field.has_focus)
        assert field.styles.background.a == 0
