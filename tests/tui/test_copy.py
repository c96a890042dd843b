"""y copies the current item and shows it, because terminals do not report success."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.tui.commands.clipboard import LIMIT, Clip, clean
from koonj.tui.screens.copy_dialog import CopyDialog
from koonj.tui.widgets.preview import Tab
from support.screen import Project, Screen


async def copied(screen: Screen) -> str:
    """Press y, and return the text of the clipboard."""
    await screen.press("y")
    await screen.until(lambda: isinstance(screen.app.screen, CopyDialog))
    text = screen.app.clipboard
    await screen.press("escape")
    assert screen.app.screen is screen.main
    return text


async def test_list_copies_the_path(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        row = screen.main.selected
        assert row is not None
        assert row.migration is not None
        assert await copied(screen) == row.migration.shown_path


async def test_preview_copies_the_text_of_the_tab(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await screen.press("2")
        body = await copied(screen)
        assert body.startswith("-- 001_make_t1.sql\nBEGIN;\nCREATE TABLE t1")
        assert body.rstrip().endswith("COMMIT;")
        await screen.press("v")
        assert await copied(screen) == "BEGIN;\nDROP TABLE t1;\nCOMMIT;\n"


async def test_sentences_of_a_tab_are_copied_without_the_line_ends_of_the_pane(project: Project) -> None:
    project.table(1)
    async with project.open((80, 24)) as screen:
        screen.main.preview.tab = Tab.CHANGES
        await screen.press("2")
        await screen.until(lambda: len(screen.pane("2")[3].split()) > 1)
        text = await copied(screen)
        assert text.count("\n") == 1
        assert len(text) > screen.main.preview.size.width


async def test_targets_copy_the_dsn_without_secrets(three_targets: Project) -> None:
    async with three_targets.open() as screen:
        await screen.press("3", "G")
        text = await copied(screen)
        assert "user=nobody" in text
        assert "port=1" in text
        assert "hunter2" not in text
        assert "password" not in text


async def test_failed_run_copies_all_parts_of_the_error(project: Project) -> None:
    project.write("001_bad.sql", "BEGIN;\nSELECT * FROM nothing_there;\nCOMMIT;\n-- Rollback: none: x\n")
    async with project.open() as screen:
        await screen.press("a")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("failed")
        await screen.press("4")
        text = await copied(screen)
        for part in (
            'relation "nothing_there" does not exist',
            "001_bad.sql:2:15",
            "SELECT * FROM nothing_there;\n",
            "              ^\n",
            "42P01",
            "No part of 001_bad.sql was committed",
        ):
            assert part in text


async def test_successful_run_copies_its_log(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await screen.press("a")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("done")
        await screen.press("4")
        assert "applied 001_make_t1.sql, 1 statement" in await copied(screen)


async def test_copied_text_is_shown_from_the_left_edge_with_its_size(project: Project) -> None:
    project.table(1)
    async with project.open((80, 24)) as screen:
        await screen.press("2", "y")
        await screen.until("koonj sent 72 bytes to the terminal's clipboard")
        lines = screen.lines()
        at = lines.index("-- 001_make_t1.sql")
        assert lines[at : at + 4] == [
            "-- 001_make_t1.sql",
            "BEGIN;",
            "CREATE TABLE t1 (id int PRIMARY KEY);",
            "COMMIT;",
        ]


async def test_message_says_why_when_there_is_nothing_to_copy(project: Project) -> None:
    async with project.open() as screen:
        for pane, why in (
            ("1", "No migration is selected."),
            ("2", "No text to copy."),
            ("4", "Nothing has run yet."),
        ):
            await screen.press(pane, "y")
            assert why in screen.bottom()
            assert screen.app.screen is screen.main


async def test_too_long_text_is_not_sent_and_the_dialog_says_so(project: Project) -> None:
    line = "SELECT 'a line that makes the file long';\n"
    text = line * (LIMIT // len(line) * 20)
    project.write("001_long.sql", text + "-- Rollback: none: it reads\n")
    async with project.open((100, 30)) as screen:
        await screen.press("2")
        await screen.until(line.strip())
        await screen.press("y")
        await screen.until("Nothing was sent")
        assert screen.app.clipboard == ""
        assert re.search(r"1,499,4\d\d bytes, more", screen.text())  # The rollback is cut off from it later.
        assert "more characters" in screen.dialog()


async def test_control_characters_are_not_copied(project: Project) -> None:
    project.write("001_evil.sql", "SELECT '\x1b[201~rm -rf /';\r\nSELECT 2;\n-- Rollback: none: x\n")
    async with project.open() as screen:
        await screen.press("2")
        text = await copied(screen)
        assert "[201~rm -rf /" in text
        assert "\x1b" not in text
        assert "\r" not in text


async def test_y_does_not_copy_before_the_confirmation(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await screen.press("a", "y")
        await screen.expect_dialog("Apply 1 migration to local?")
        assert not any(isinstance(s, CopyDialog) for s in screen.app.screen_stack)
        await screen.press("escape")
        await screen.expect_run("not confirmed")


@pytest.mark.parametrize("size", [(80, 24), (40, 12)], ids=str)
async def test_long_line_is_shown_completely(project: Project, size: tuple[int, int]) -> None:
    word = "".join(chr(97 + i % 26) for i in range(300))
    project.write("001_wide.sql", f"SELECT '{word}';\n-- Rollback: none: x\n")
    async with project.open(size) as screen:
        await screen.press("2", "y")
        await screen.until(lambda: isinstance(screen.app.screen, CopyDialog))
        assert word in screen.dialog().replace("\n", "")


async def test_box_says_when_lines_do_not_fit_and_where_they_are_whole(project: Project) -> None:
    project.write("001_wide.sql", f"SELECT '{'x' * 90}';\n-- Rollback: none: x\n")
    async with project.open((80, 24)) as screen:
        await screen.press("2", "y")
        await screen.until("press t and select the text there: here 1 line is cut")
        await screen.press("t")
        assert "koonj cannot leave its screen in this terminal." in screen.text(), "a test has no terminal"


async def test_text_stays_in_koonj_during_a_run(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await screen.press("a")
        await screen.expect_dialog()
        screen.app.push_screen(CopyDialog(Clip("a text", "SELECT 1;", 9)))
        await screen.until(lambda: isinstance(screen.app.screen, CopyDialog))
        await screen.press("t")
        assert "A run is in progress, which koonj must follow." in screen.text()
        await screen.press("escape", "escape")
        await screen.expect_run("not confirmed")


@given(st.text(st.characters(codec="utf-8")))
def test_clean_removes_only_control_characters(text: str) -> None:
    made = clean(text)
    assert not any((c < " " and c not in "\n\t") or "\x7f" <= c <= "\x9f" for c in made)
    kept = [c for c in made if c not in "\n"]
    assert kept == [c for c in text if c == "\t" or not (c < " " or "\x7f" <= c <= "\x9f")]
