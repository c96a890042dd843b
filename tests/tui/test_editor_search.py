"""Find and go to line in the editor, and its keys in [keys]."""

from __future__ import annotations

import pytest

from koonj.config import ConfigError
from koonj.config.screen_settings import KeySetting
from koonj.tui.commands.editor import EDITING
from koonj.tui.commands.keymap import Keymap
from koonj.tui.commands.main_screen import MAIN
from koonj.tui.commands.rebinding import rebind
from support.screen import Project, open_editor

TEXT = "SELECT 'one';\nSELECT 'needle';\nSELECT '東京 Needle';\n-- Rollback: none: it reads\n"


@pytest.fixture
def offline(offline: Project) -> Project:
    """A project with one migration, whose target is unreachable."""
    offline.write("001_a.sql", TEXT)
    return offline


async def test_find_marks_matches_and_goes_on(offline: Project) -> None:
    async with offline.open(answered=False) as screen:
        editor = await open_editor(screen)
        await screen.press("ctrl+f")
        await screen.type("needle")
        assert "1 of 2" in screen.bottom()
        assert editor.text.cursor_location == (1, 8)
        await screen.press("enter", "f3")
        assert editor.text.cursor_location == (2, 11)
        await screen.press("f3")
        assert editor.text.cursor_location == (1, 8)
        await screen.press("shift+f3")
        assert editor.text.cursor_location == (2, 11)
        assert screen.bottom().startswith(
            " F3 next match  Shift+F3 previous match  Esc end search  Ctrl+S save"
        )
        assert "Esc close" not in screen.bottom()
        await screen.press("escape")
        assert not editor.text.is_searched
        assert screen.app.screen is editor
        assert screen.bottom().startswith(" Ctrl+S save  Esc close")
        await screen.press("escape")
        await screen.until(lambda: screen.app.screen is screen.main)


async def test_esc_ends_the_search_while_typing(offline: Project) -> None:
    async with offline.open(answered=False) as screen:
        editor = await open_editor(screen)
        await screen.press("ctrl+f")
        await screen.type("Needle")
        assert "1 of 1" in screen.bottom()
        await screen.press("escape")
        assert editor.focused is editor.text
        assert not editor.text.is_searched
        assert "Ctrl+S save" in screen.bottom()


async def test_matches_follow_the_text_while_it_is_edited(offline: Project) -> None:
    async with offline.open(answered=False) as screen:
        editor = await open_editor(screen)
        await screen.press("ctrl+f")
        await screen.type("needle")
        await screen.press("enter")
        await screen.type("needle ")
        assert [(m.line, m.start) for m in editor.text.searcher.in_line(1)] == [(1, 8), (1, 15)]


async def test_go_to_line_moves_the_cursor(offline: Project) -> None:
    async with offline.open(answered=False) as screen:
        editor = await open_editor(screen)
        await screen.press("ctrl+g")
        assert "number of a line" in screen.bottom()
        await screen.type("3")
        await screen.press("enter")
        assert editor.text.cursor_location == (2, 0)
        assert editor.focused is editor.text
        await screen.press("ctrl+g")
        await screen.type("99")
        await screen.press("enter")
        assert editor.text.cursor_location[0] == editor.text.document.line_count - 1
        assert editor.text.text == TEXT


def rebound(command: str, *keys: str) -> Keymap:
    return rebind([KeySetting(command, keys, "koonj.toml:1")], MAIN, EDITING)


async def test_keys_of_the_editor_can_be_changed(offline: Project) -> None:
    async with offline.open(answered=False, keymap=rebound("save", "f2")) as screen:
        await open_editor(screen)
        assert screen.bottom().startswith(" F2 save")
        await screen.type("x")
        await screen.press("f2")
        await screen.until("Saved.")


def test_key_of_the_editor_cannot_be_text() -> None:
    with pytest.raises(ConfigError, match="where x is text"):
        rebound("find", "x")


def test_same_key_can_have_another_command_in_the_editor() -> None:
    assert rebound("find", "ctrl+d").changed["find"] == ("ctrl+d",)
    with pytest.raises(ConfigError, match=r"Ctrl\+S is the key of both"):
        rebound("find", "ctrl+s")


async def test_help_lists_the_keys_of_the_editor(offline: Project) -> None:
    async with offline.open((100, 60), answered=False) as screen:
        await screen.press("question_mark")
        text = await screen.expect_dialog("Help")
        assert "Ctrl+G" in text
        assert "go-to-line" in text
