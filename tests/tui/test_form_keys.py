"""Keys of the palette and of its form: those that the user has, and the help about them."""

from __future__ import annotations

from textual.widgets import Input

from koonj.config.screen_settings import KeySetting
from koonj.tui.commands.forms import FORM
from koonj.tui.commands.full_screens import ON_MATRIX
from koonj.tui.commands.keymap import Keymap
from koonj.tui.commands.main_screen import MAIN
from koonj.tui.commands.rebinding import rebind
from koonj.tui.screens.help import HelpDialog
from koonj.tui.screens.pattern_palette import PatternPalette
from koonj.tui.widgets.pattern_list import PatternList
from koonj.tui.widgets.search_input import SearchRow
from support.screen import Project, Screen

TYPES = "add_column"


def keys(**wanted: str) -> Keymap:
    settings = [KeySetting(name.replace("_", "-"), (key,), "koonj.toml:1") for name, key in wanted.items()]
    return rebind(settings, MAIN, (), (), ON_MATRIX, FORM)


async def opened(screen: Screen) -> PatternPalette:
    await screen.press("n")
    await screen.until(lambda: isinstance(screen.app.screen, PatternPalette))
    palette = screen.app.screen
    assert isinstance(palette, PatternPalette)
    await screen.until(lambda: bool(palette.query_one(PatternList).found) and palette.form.names.is_read)
    return palette


async def type_field(screen: Screen, palette: PatternPalette) -> Input:
    """Open the form that adds a column, with the focus in the field for its type."""
    listed = palette.query_one(PatternList)
    listed.cursor = [one.key for one in listed.found].index(TYPES)
    await screen.until(lambda: palette.form.source.key == TYPES and palette.form.is_ready)
    field = next(row for row in palette.rows if row.field.name == "type").query_one(Input)
    field.focus()
    await screen.until(lambda: screen.app.focused is field)
    await screen.type("time")
    await screen.until("timestamp with time zone")
    return field


async def test_changed_keys_work_and_are_shown(project: Project) -> None:
    keymap = keys(filter_patterns="f6", complete_name="ctrl+t", next_name="ctrl+o", use_pattern="f12")
    async with project.open((120, 36), keymap=keymap) as screen:
        palette = await opened(screen)
        assert "F6 filter, or type" in screen.bottom()
        await screen.press("f6")
        assert palette.query_one(SearchRow).line.has_focus
        await screen.press("escape")
        field = await type_field(screen, palette)
        assert "Ctrl+T/Ctrl+O complete" in screen.bottom()
        await screen.press("down")
        assert field.value == "time", "Down is not the key any more"
        await screen.press("ctrl+o")
        await screen.until(lambda: field.value == "timestamp with time zone")
        await screen.press("ctrl+t")
        await screen.until(lambda: field.has_focus and field.value == "timestamp with time zone")


async def test_help_of_the_palette_lists_its_keys(project: Project) -> None:
    async with project.open((120, 36)) as screen:
        palette = await opened(screen)
        assert screen.bottom().rstrip().endswith("? help")
        await screen.press("question_mark")
        text = await screen.expect_dialog("Help")
        assert "New migration" in text
        for command in FORM:
            assert command.name() in text
        assert "not now" not in text
        await screen.press("escape")
        await screen.until(lambda: screen.app.screen is palette)


async def test_question_mark_is_text_in_a_field_where_f1_opens_the_help(project: Project) -> None:
    async with project.open((120, 36)) as screen:
        palette = await opened(screen)
        field = await type_field(screen, palette)
        assert screen.bottom().rstrip().endswith("F1 help")
        await screen.press("question_mark")
        await screen.until(lambda: field.value == "time?")
        await screen.press("f1")
        await screen.until(lambda: isinstance(screen.app.screen, HelpDialog))
        await screen.press("escape")
        await screen.until(lambda: screen.app.screen is palette and field.has_focus)
