"""The files of a form are edited before they are written: in koonj's editor, and only in the form."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from koonj.config import Target
from koonj.config.screen_settings import KeySetting
from koonj.migrations.new import Draft
from koonj.tui.commands.editor import EDITING
from koonj.tui.commands.forms import FORM
from koonj.tui.commands.main_screen import MAIN
from koonj.tui.commands.rebinding import rebind
from koonj.tui.documents.draft_edits import DraftEdits, edited_words
from koonj.tui.documents.draft_listing import DraftListing
from koonj.tui.screens.editor import Editor
from koonj.tui.screens.pattern_palette import PatternPalette
from koonj.tui.screens.unwritten_editor import UnwrittenEditor
from koonj.tui.toolkit.key_presses import REPEAT_PAUSE
from koonj.tui.widgets.form_field import FieldRow
from koonj.tui.widgets.pattern_list import PatternList
from koonj.tui.widgets.sql_pane import SqlPreview
from koonj.tui.widgets.text_line import TextBlock
from koonj.user_folders import STATE, folder_path
from support.screen import Golden, Project, Screen

FILES = ("001_create_index_t_a_key.sql", "002_add_t_a_key.sql")
"""What the form for a unique constraint on column a of table t writes."""


@pytest.fixture
def offline(tmp_path: Path) -> Project:
    """A project whose target is unreachable; no test waits for it."""
    return Project(tmp_path, Target("local", "host=127.0.0.1 port=1 user=nobody dbname=none"))


async def form_of(screen: Screen, key: str, **values: str) -> PatternPalette:
    """Open the form of a pattern, and fill in its fields."""
    await screen.press("n")
    await screen.until(lambda: isinstance(screen.app.screen, PatternPalette))
    palette = screen.app.screen
    assert isinstance(palette, PatternPalette)
    await choose(screen, palette, key)
    for name, value in values.items():
        row(palette, name).query_one(Input).value = value
    await screen.until(lambda: palette.form.result.is_complete)
    return palette


async def choose(screen: Screen, palette: PatternPalette, key: str) -> None:
    listed = palette.query_one(PatternList)
    await screen.until(lambda: bool(listed.found))
    listed.cursor = [one.key for one in listed.found].index(key)
    await screen.until(lambda: palette.form.source.key == key and palette.form.is_ready)


async def unique(screen: Screen) -> PatternPalette:
    """Open the form for a unique constraint, which writes two files."""
    return await form_of(screen, "add_unique_constraint", table="t", columns="a")


def row(palette: PatternPalette, name: str) -> FieldRow:
    return next(one for one in palette.rows if one.field.name == name)


def fill(palette: PatternPalette, name: str, value: str) -> None:
    row(palette, name).query_one(Input).value = value


async def editor(screen: Screen, key: str = "f2") -> UnwrittenEditor:
    """Press a key that opens the editor, and wait until it has checked the text."""
    before = screen.app.screen
    await screen.press(key)
    await screen.until(
        lambda: isinstance(screen.app.screen, UnwrittenEditor) and screen.app.screen is not before
    )
    opened = screen.app.screen
    assert isinstance(opened, UnwrittenEditor)
    await screen.until(lambda: "roblem" in screen.text())
    return opened


async def answer(screen: Screen, key: str, *parts: str) -> None:
    text = " ".join((await screen.expect_dialog()).split())
    for part in parts:
        assert part in text, text
    screen.later(REPEAT_PAUSE)
    await screen.press(key)


def edited(palette: PatternPalette) -> str:
    """Return what the form says about the files that were edited by hand."""
    line = palette.query_one("#edited", TextBlock)
    return line.text[0] if line.display else ""


def on_disk(project: Project) -> list[str]:
    return sorted(path.name for path in project.migrations.iterdir())


def preview(palette: PatternPalette) -> str:
    return palette.query_one(SqlPreview).sql.text


async def add_line(screen: Screen, opened: UnwrittenEditor, line: str) -> None:
    """Insert a line after the first one, and save."""
    opened.text.insert(f"{line}\n", (1, 0))
    await screen.press("ctrl+s")
    await screen.until("Kept in the form. It is not written yet.")


async def test_an_edited_file_goes_into_the_form_and_is_written_with_the_others(offline: Project) -> None:
    async with offline.open((120, 40), answered=False) as screen:
        palette = await unique(screen)
        opened = await editor(screen)
        assert opened.text.text.startswith(f"-- {FILES[0]}\n")
        assert "not written yet" in screen.text()
        await add_line(screen, opened, "-- By hand.")
        assert on_disk(offline) == []
        second = await editor(screen, "f5")
        assert second.text.text.startswith(f"-- {FILES[1]}\n")
        await add_line(screen, second, "-- Of the second.")
        first = await editor(screen, "shift+f5")
        assert "-- By hand." in first.text.text
        await screen.press("escape")
        await screen.until(lambda: screen.app.screen is palette)
        assert f"-- {FILES[0]}  edited by hand\n-- By hand.\n" in preview(palette)
        await screen.until("2 edited by hand")
        assert edited(palette) == (
            "001 and 002 were edited by hand and keep their text. F7 takes the pattern's text again."
        )
        assert on_disk(offline) == []
        offline.write("001_first.sql", "-- another program was faster\n")
        palette.write()
        await screen.until(lambda: screen.app.screen is screen.main)
    number, *others = on_disk(offline)
    assert (number, len(others)) == ("001_first.sql", 2)
    for name, line in zip(others, ("-- By hand.", "-- Of the second."), strict=True):
        text = (offline.migrations / name).read_text()
        assert text.startswith(f"-- {name}\n{line}\n"), "the first line has the number that it got"
        assert "edited by hand" not in text


async def test_a_field_does_not_change_an_edited_text_and_the_form_says_so(offline: Project) -> None:
    async with offline.open((120, 40), answered=False) as screen:
        palette = await unique(screen)
        await add_line(screen, await editor(screen), "-- By hand.")
        await screen.press("escape")
        await screen.until("001 was edited by hand and keeps its text.")
        assert edited(palette).endswith("keeps its text. F7 takes the pattern's text again.")
        fill(palette, "columns", "b")
        await screen.until(lambda: "ON t (a)" in preview(palette) and "t_b_key" in preview(palette))
        assert "-- By hand." in preview(palette)
        assert "001 was edited by hand and keeps its text: the fields have changed since." in edited(palette)
        await screen.until("! 001 was edited by hand")
        await screen.press("f7")
        await answer(screen, "escape", "001_create_index_t_b_key.sql was edited by hand")
        await screen.until(lambda: screen.app.screen is palette)
        assert "-- By hand." in preview(palette)
        await screen.press("f7")
        await answer(screen, "1")
        await screen.until(lambda: "-- By hand." not in preview(palette))
        assert "ON t (a)" not in preview(palette)
        assert not palette.query_one("#edited").display
        await screen.press("f7")
        await screen.until("No file was edited by hand.")


def drafts() -> set[Path]:
    """Return the files that the editor keeps of unsaved texts."""
    return set((folder_path(STATE) / "drafts").rglob("*"))


async def test_hand_edits_are_not_lost_without_a_question(offline: Project) -> None:
    before = drafts()
    async with offline.open((120, 40), answered=False) as screen:
        palette = await unique(screen)
        opened = await editor(screen)
        opened.text.insert("-- Not kept.\n")
        await screen.until("changed, not kept")
        await screen.until(lambda: opened._draft._timer is None)
        await screen.until(lambda: all(one.is_finished for one in opened.workers if one.group == "draft"))
        assert drafts() == before, "no draft of what is not written"
        await screen.press("f5")
        await answer(screen, "escape", "changes that the form does not have", "It is not written yet.")
        screen.later(REPEAT_PAUSE)
        await screen.press("escape")
        await answer(screen, "d")
        await screen.until(lambda: screen.app.screen is palette)
        assert "Not kept" not in preview(palette)
        opened = await editor(screen)
        opened.text.insert("-- Kept.\n")
        await screen.press("escape")
        await answer(screen, "s")
        await screen.until(lambda: "-- Kept." in preview(palette))
        await choose(screen, palette, "drop_index")
        await screen.until(lambda: "-- Kept." not in preview(palette))
        palette.close()
        await answer(screen, "escape", "was edited by hand and was not written")
        await choose(screen, palette, "add_unique_constraint")
        await screen.until(lambda: "-- Kept." in preview(palette))
        assert row(palette, "table").value == "t"
        palette.close()
        await answer(screen, "d", FILES[0])
        await screen.until(lambda: screen.app.screen is screen.main)
    assert on_disk(offline) == []


async def test_what_is_wrong_with_an_edited_text_is_shown_before_it_is_written(offline: Project) -> None:
    async with offline.open((120, 40), answered=False) as screen:
        palette = await unique(screen)
        opened = await editor(screen)
        opened.text.load(f"-- {FILES[0]}\nSELECT 'open;\n", "\n")
        await screen.press("ctrl+s")
        await screen.until("Kept in the form.")
        await screen.press("escape")
        await screen.until(f"! {FILES[0]}:2:8: ")
        shown = palette.query_one(SqlPreview)
        assert shown.marked[1].column == 8
        second = await editor(screen)
        second.text.load("UPDATE t SET a = 1;\n-- Rollback: none: a test\n", "\n")
        await screen.press("ctrl+s")
        await screen.until("Kept in the form.")
        await screen.press("escape")
        await screen.until(f"! {FILES[0]}:1:1: UPDATE")  # a safety rule
        assert set(shown.marked) == {1}, "below the line with the name"
        assert shown.sql.text.startswith(f"-- {FILES[0]}  edited by hand\nUPDATE"), "no name in the file"
        palette.form.take_pattern_text([0])
        await screen.until(lambda: not shown.marked and not palette.query_one("#found").display)


async def test_the_form_must_be_complete_before_its_files_are_edited(offline: Project) -> None:
    async with offline.open((80, 24), answered=False) as screen:
        await screen.press("n")
        await screen.until(lambda: isinstance(screen.app.screen, PatternPalette))
        palette = screen.app.screen
        assert isinstance(palette, PatternPalette)
        await choose(screen, palette, "add_unique_constraint")
        await screen.press("f2")
        await screen.until("Fill in the required fields first")
        assert row(palette, "table").has_focus_within


async def test_the_key_of_a_form_can_be_changed_and_a_file_on_disk_has_no_next_one(offline: Project) -> None:
    offline.table(1)
    settings = [
        KeySetting("edit-files", ("f12",), "koonj.toml:1"),
        KeySetting("next-file", ("f10",), "koonj.toml:2"),
    ]
    keymap = rebind(settings, MAIN, EDITING, (), (), FORM)
    async with offline.open((120, 40), answered=False, keymap=keymap) as screen:
        await screen.press("i")
        await screen.until(lambda: isinstance(screen.app.screen, Editor))
        await screen.press("f10")
        await screen.until("This file is on disk. F10 is for the files of a form that are not written yet.")
        await screen.press("escape")
        await screen.until(lambda: screen.app.screen is screen.main)
        palette = await unique(screen)
        await screen.press("enter")
        await screen.until("F12 edit SQL")
        await screen.press("f2")
        assert screen.app.screen is palette
        await editor(screen, "f12")
        assert "F10 next file" in screen.bottom()


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=str)
async def test_form_and_editor_of_an_unwritten_file_match_golden(
    offline: Project, golden: Golden, size: tuple[int, int]
) -> None:
    async with offline.open(size, answered=False) as screen:
        palette = await unique(screen)
        await screen.until("cannot be read")
        opened = await editor(screen)
        opened.text.insert("UPDATE t SET a = 1;\n", (6, 0))
        await screen.until("1 problem")
        await golden(screen, f"unwritten_editor_{size[0]}")
        await screen.press("ctrl+s", "escape")
        fill(palette, "columns", "b")
        row(palette, "columns").focus_entry()
        await screen.until(lambda: "changed since" in edited(palette))
        await golden(screen, f"unwritten_form_{size[0]}")


MADE = (Draft("one", "A;\n", 0), Draft("two", "B;\n", 1))


def test_text_of_the_pattern_is_no_edit() -> None:
    edits = DraftEdits().edited(MADE[0], "001_one.sql", "-- 001_one.sql\nX;\n\n")
    assert edits.applied(MADE)[0].file_text("007_one.sql") == "-- 007_one.sql\nX;\n\n", "written as it is"
    assert not edits.edited(MADE[0], "001_one.sql", MADE[0].file_text("001_one.sql")).texts


def test_a_file_without_its_name_in_the_first_line_is_written_as_it_is() -> None:
    edits = DraftEdits().edited(MADE[1], "002_two.sql", "B;")
    assert [one.file_text("9") for one in edits.applied(MADE)] == ["-- 9\nA;\n", "B;"]


def test_an_edited_file_that_the_fields_do_not_make_is_said_and_not_lost() -> None:
    edits = DraftEdits().edited(MADE[1], "002_two.sql", "X;")
    left = edits.applied(MADE[:1])
    assert [one.text for one in left] == ["A;\n"]
    words = edited_words(edits, MADE[:1], {0: "001_one.sql"}, "F7")
    assert words == (
        "The fields do not make the edited file two now: it is not written. F7 takes the pattern's text again."
    )
    assert edits.applied(MADE)[1].text == "X;"


def test_listing_knows_where_each_file_is() -> None:
    edits = DraftEdits().edited(MADE[1], "002_two.sql", "X;\nY;")
    listing = DraftListing.of(edits.applied(MADE), ["001_one.sql", "002_two.sql"])
    assert listing.text == "-- 001_one.sql\nA;\n\n\n-- 002_two.sql  edited by hand\nX;\nY;\n"
    one, two = listing.files
    assert [listing.file_at(index) for index in (0, 3, 4, 9)] == [one, one, two, two]
    lines = listing.text.split("\n")
    assert lines[listing.files[0].index_of(2)] == "A;"
    assert lines[listing.files[1].index_of(2)] == "Y;"
