"""Keys that arrive in one packet, as over ssh, have the same effect as one by one; none is lost."""

from __future__ import annotations

import asyncio
from time import monotonic

import pytest
from textual.events import Key, Paste

from koonj.tui.screens.confirm_dialog import ConfirmDialog
from koonj.tui.screens.dialog import Dialog
from koonj.tui.screens.pattern_palette import PatternPalette
from support.screen import Project, Screen


def in_one_packet(screen: Screen, *keys: str, when: float | None = None) -> None:
    """Send all keys before the program handles the first one. `when`: the time of the presses."""
    for key in keys:
        named = {"/": "slash", " ": "space", "_": "underscore"}.get(key, key)
        event = Key(named, key if len(key) == 1 else None)
        event.time = event.time if when is None else when
        screen.app.post_message(event)


async def test_text_after_slash_is_the_filter(project: Project) -> None:
    for number in (1, 2, 3):
        project.table(number)
    async with project.open() as screen:
        in_one_packet(screen, "/", "t", "2", "enter")
        await screen.until(lambda: len(screen.migrations()) == 1)
        assert "002" in screen.row("make_t2")
        assert "chosen" in screen.text()
        in_one_packet(screen, "escape", "j", "j")
        await screen.until(lambda: screen.main.selected is not None and screen.main.selected.number == 3)


async def test_pasted_text_after_slash_is_the_filter(project: Project) -> None:
    for number in (1, 2, 3):
        project.table(number)
    async with project.open() as screen:
        in_one_packet(screen, "/")
        screen.app.post_message(Paste("make_t2"))
        in_one_packet(screen, "enter")
        await screen.until(lambda: len(screen.migrations()) == 1)
        assert "002" in screen.row("make_t2")


async def test_text_after_tab_goes_to_the_next_field(project: Project) -> None:
    async with project.open() as screen:
        await screen.press("n")
        await screen.until("Tables")
        in_one_packet(screen, "/", *"add_column", "enter", *"users", "tab", *"age", "tab", *"int", "tab", "0")
        await screen.until("ADD COLUMN IF NOT EXISTS age int DEFAULT 0 NOT NULL")
        in_one_packet(screen, "escape", "escape", "escape", "q")
        await screen.until(lambda: not isinstance(screen.app.screen, PatternPalette))


async def test_form_opens_before_text_is_typed(project: Project) -> None:
    async with project.open() as screen:
        await screen.press("n")
        await screen.until("Tables")
        in_one_packet(screen, "G", "enter", *"add ears")
        await screen.until("[ Write 001_add_ears.sql ]")
        in_one_packet(screen, "escape", *"add_column", "enter", *"users")
        await screen.until("ALTER TABLE users")


async def test_key_of_a_removed_widget_does_not_block(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        in_one_packet(screen, "question_mark", "escape", "question_mark", "escape", "2")
        await screen.until(lambda: screen.main.pane.NUMBER == "2" and screen.app.screen is screen.main)


async def test_no_key_is_lost_at_high_speed(project: Project) -> None:
    for number in range(1, 301):
        project.table(number)
    async with project.open() as screen:
        in_one_packet(screen, *["j"] * 200, *["k"] * 50, *["down"] * 49)
        await screen.until(lambda: screen.main.migrations.cursor == 199)
        for _ in range(30):
            in_one_packet(screen, "j", "k", "j")
            await asyncio.sleep(1 / 30)
        await screen.until(lambda: screen.main.migrations.cursor == 229)


async def test_keys_work_while_dialogs_open_and_close(project: Project) -> None:
    for number in range(1, 10):
        project.table(number)
    async with project.open() as screen:
        for _ in range(5):
            in_one_packet(screen, *["question_mark", "j", "escape", "n", "escape", "/", "x", "escape"])
        in_one_packet(screen, "2", "1", "j")
        await screen.until(lambda: screen.main.migrations.cursor == 1)
        assert screen.app.screen is screen.main
        assert screen.main.pane.NUMBER == "1"


async def test_ctrl_c_after_the_start_key_ends_the_run(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        in_one_packet(screen, "a", "ctrl+c")
        await screen.until(lambda: screen.main.view is not None and not screen.main.view.running)
        await screen.until(lambda: not isinstance(screen.app.screen, Dialog))
        assert "◦ pending" in screen.row("make_t1")


@pytest.mark.parametrize("pause", [0.05, 0.2])
async def test_y_in_a_typed_word_does_not_confirm(project: Project, pause: float) -> None:
    project.table(1)
    async with project.open() as screen:
        when = monotonic()
        in_one_packet(screen, "a", "/", when=when)
        for letter in "my yaks obey; they say yay":
            in_one_packet(screen, letter, when=when)
            await asyncio.sleep(pause)
            when += pause  # the screen may get it later
        await screen.until(lambda: isinstance(screen.app.screen, ConfirmDialog))
        await asyncio.sleep(0.3)
        assert isinstance(screen.app.screen, ConfirmDialog)
        await screen.press("n")
        await screen.expect_run("not confirmed")
