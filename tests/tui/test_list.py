"""The migration list: rows, filter, cursor and selection, columns; also with ten thousand rows."""

from __future__ import annotations

import asyncio
import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.runner.target.status import TargetStatus
from koonj.tui.state.rehearsals import WORD_WIDTH
from koonj.tui.widgets.column_widths import WORD, columns, short_state
from koonj.tui.workers import watcher
from koonj.tui.workers.backend import Backend
from support.looks import cells
from support.screen import Project, Screen


async def test_row_shows_number_name_and_state(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        assert screen.migrations() == [screen.row("001 make_t1")]
        assert "◦ pending" in screen.row("make_t1")


async def test_states_are_unknown_until_target_responds(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.table(1)
    ask, may_answer = Backend.read_status, asyncio.Event()

    async def late(backend: Backend, *of: Any) -> TargetStatus:
        await may_answer.wait()
        return await ask(backend, *of)

    monkeypatch.setattr(Backend, "read_status", late)
    async with project.open(answered=False) as screen:
        await screen.until("001 make_t1")
        assert "? unknown" in screen.row("make_t1")
        may_answer.set()
        await screen.until("◦ pending")


async def test_filter_applies_as_typed_and_enter_keeps_it(project: Project) -> None:
    for number in (1, 2, 12):
        project.table(number)
    async with project.open() as screen:
        await screen.press("slash")
        await screen.type("12")
        await screen.until(lambda: len(screen.migrations()) == 1)
        await screen.press("enter")
        assert "/12" in screen.pane("1")[0]
        assert "1 of 3" in screen.pane("1")[0]
        await screen.press("escape")
        assert len(screen.migrations()) == 3


async def test_esc_clears_filter_during_typing(project: Project) -> None:
    for number in (1, 2):
        project.table(number)
    async with project.open() as screen:
        await screen.press("slash")
        await screen.type("t2")
        await screen.press("escape")
        assert len(screen.migrations()) == 2


async def test_filter_finds_states_and_requires_every_word(project: Project) -> None:
    for number in (1, 2):
        project.table(number)
    async with project.open() as screen:
        await screen.press("a")
        await screen.expect_dialog("001_make_t1.sql")
        await screen.yes()
        await screen.expect_run("done")
        await screen.press("slash")
        await screen.type("pending t2")
        await screen.until(lambda: len(screen.migrations()) == 1)
        assert "t2" in screen.migrations()[0]


async def test_keys_in_filter_run_no_commands(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await screen.press("slash")
        await screen.type("aAryq")
        await screen.pilot.pause()
        assert not screen.main.control.running
        assert "None of 1 matches the filter" in screen.pane("1")[1]


async def test_keys_move_the_cursor(project: Project) -> None:
    for number in range(1, 61):
        project.table(number)
    async with project.open((100, 30)) as screen:
        pane = screen.main.migrations
        for key, cursor in (("j", 1), ("down", 2), ("k", 1), ("up", 0), ("k", 0), ("G", 59), ("g", 0)):
            await screen.press(key)
            assert pane.cursor == cursor, key
        await screen.press("pagedown")
        assert pane.cursor == pane.page
        await screen.press("pageup")
        await screen.press("ctrl+d")
        assert pane.cursor == pane.page // 2
        await screen.press("ctrl+u")
        assert pane.cursor == 0
        await screen.press("end")
        assert "060 make_t60" in screen.migrations()[-1]


async def test_cursor_is_visible_without_colour(project: Project) -> None:
    for number in (1, 2):
        project.table(number)
    async with project.open() as screen:
        await screen.press("j")
        assert screen.row("make_t2").startswith("›")
        pane = screen.main.migrations
        row = cells(screen.app)[pane.region.y + 2][: pane.region.width]
        styles = [style for text, style in row if text.strip()]
        assert all(style.reverse for style in styles)


async def test_selection_stays_on_its_file_when_files_are_added(project: Project) -> None:
    project.table(2)
    project.table(3)
    async with project.open() as screen:
        await screen.press("j")
        project.table(1)
        await screen.until("001 make_t1")
        assert screen.row("make_t3").startswith("›")
        assert "003_make_t3.sql" in screen.preview()


async def test_changed_file_is_reloaded(project: Project) -> None:
    name = project.table(1)
    async with project.open() as screen:
        project.write(name, "-- A new comment that nobody has seen.\nSELECT 1;\n")
        await screen.until("nobody has seen")


async def test_markup_and_control_characters_are_shown_literally(project: Project) -> None:
    project.write("001_evil.sql", "-- [red]not red[/] \x1b[31mnor this\x1b[0m \u202egnp\nSELECT '[/]';\n")
    async with project.open() as screen:
        assert "[red]not red[/] ␛[31mnor this␛[0m <U+202E>gnp" in screen.preview()
        assert "SELECT '[/]';" in screen.preview()


async def _calls(screen: Screen) -> int:
    """Count koonj's calls while the cursor moves twenty rows up: they do not depend on the machine."""
    calls = 0

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal calls
        calls += event == "call" and frame.f_globals.get("__name__", "").startswith("koonj.")

    sys.setprofile(count)
    try:
        for _ in range(20):
            await screen.press("k")
    finally:
        sys.setprofile(None)
    return calls


async def test_ten_thousand_rows_move_as_ten_do(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher, "FOLDER_INTERVAL", 3600.0)
    monkeypatch.setattr(watcher, "TARGET_INTERVAL", 3600.0)

    def write(first: int, last: int) -> None:
        for number in range(first, last + 1):
            project.write(f"{number:05}_step_{number}.sql", "SELECT 1;\n-- Rollback: none: nothing to undo\n")

    write(1, 100)
    async with project.open() as screen:
        await screen.press("G")
        few = await _calls(screen)
    write(101, 10_000)
    async with project.open() as screen:
        await screen.press("G")
        assert "10000 step_10000" in screen.migrations()[-1]
        assert await _calls(screen) < 1.5 * few, "moving takes longer with the number of rows"
        await screen.press("slash")
        await screen.type("9999")
        await screen.until(lambda: len(screen.migrations()) == 1)


async def test_state_words_are_shown_in_a_narrow_list(project: Project) -> None:
    project.table(1)
    project.write(
        "002_a_long_name_for_something_that_sleeps.sql", "SELECT pg_sleep(60);\n-- Rollback: none: x\n"
    )
    async with project.open((64, 24)) as screen:
        await screen.press("A")
        await screen.expect_dialog()
        await screen.yes()
        await screen.until("statement 1 of 1")
        await screen.cancel_run()
        await screen.expect_run("cancelled")
        await screen.until("✗ failed")
        assert screen.main.migrations.size.width == 30
        assert "✓ applied" in screen.row("001")
        assert "✗ failed" in screen.row("002")


async def test_cursor_stays_visible_when_moved_or_resized(
    project: Project,
) -> None:
    for number in range(1, 61):
        project.table(number)
    async with project.open((80, 24)) as screen:
        pane = screen.main.migrations
        for step in range(1, 60):
            await screen.press("j")
            assert pane.top <= step < pane.top + pane.page
        for size in ((80, 12), (40, 12), (80, 24), (200, 50), (60, 20)):
            await screen.pilot.resize_terminal(*size)
            await screen.until(lambda: "›060 make_t60" in "\n".join(screen.migrations()))
        await screen.press(*"kkkkkkkkkkkk")
        assert any(row.startswith("›048") for row in screen.migrations())


@given(
    width=st.integers(20, 200), number=st.integers(3, 14), word=st.integers(7, 22), rehearsals=st.booleans()
)
def test_columns_fill_the_row_and_name_keeps_its_minimum_width(
    width: int, number: int, word: int, rehearsals: bool
) -> None:
    found = columns(width, number, word, rehearsals=rehearsals)
    assert found.number + found.name + found.word + found.verdict + 6 == width
    without = columns(width, number, word, rehearsals=False)
    assert found.word == without.word or WORD <= found.word < without.word
    if found.word == without.word:
        assert found.number == without.number
    if word > WORD:
        assert found.verdict == columns(width, number, WORD, rehearsals=rehearsals).verdict
    assert found.verdict in ({0, 2, 3 + WORD_WIDTH} if rehearsals else {0})
    if found.verdict:
        assert found.name >= 12
    if found.verdict > 2:
        assert found.name >= 18


@pytest.mark.parametrize(
    ("state", "cells", "shown"),
    [
        ("rollback edited", 15, "rollback edited"),
        ("rollback edited", 14, "rollback…"),
        ("rollback edited", 9, "rollback…"),
        ("rollback edited", 8, "rollbac…"),
        ("interrupted", 10, "interrupt…"),
    ],
)
def test_a_long_state_is_shortened_after_a_whole_word(state: str, cells: int, shown: str) -> None:
    assert short_state(state, cells) == shown
