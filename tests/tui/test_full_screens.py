"""The screens over the main screen: their search, and the history that is read page by page."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import psycopg
import pytest

from koonj.config import Target
from koonj.migrations.history_entry import HistoryEntry
from koonj.postgres.history_page import HistoryPage
from koonj.runner.target.matrix import MatrixRow
from koonj.tui.screens import target_history
from koonj.tui.screens.history_entry import EntryScreen
from koonj.tui.screens.matrix import MatrixScreen
from koonj.tui.screens.target_history import HistoryScreen
from koonj.tui.state.target_history import TargetHistory
from koonj.tui.widgets.entry_panes import EntryLog
from koonj.tui.widgets.footer import BottomLine
from koonj.tui.widgets.history_list import HistoryList
from koonj.tui.widgets.matrix_pane import MatrixPane
from support.history_screen import history_list, open_history
from support.screen import Project, Screen, apply

SIZE = (120, 36)


async def open_matrix(screen: Screen) -> MatrixPane:
    await screen.press("T")
    await screen.until(
        lambda: isinstance(screen.app.screen, MatrixScreen) and bool(screen.app.screen.query(MatrixPane))
    )
    pane = screen.app.screen.query_one(MatrixPane)
    await screen.until(lambda: pane.view.folder is not None)
    return pane


async def test_slash_searches_the_recorded_text_and_esc_ends_the_search_first(tables: Project) -> None:
    async with tables.open(SIZE) as screen:
        await apply(screen)
        await open_history(screen)
        await screen.press("enter")
        await screen.until(lambda: isinstance(screen.app.screen, EntryScreen))
        await screen.until("CREATE TABLE t3")
        entry = screen.app.screen
        assert isinstance(entry, EntryScreen)
        await screen.press("slash")
        await screen.type("t3")
        assert "1 of 3" in screen.bottom()
        await screen.press("enter", "n")
        assert "/t3  2 of 3" in screen.text()
        await screen.press("N")
        assert "/t3  1 of 3" in screen.text()
        await screen.press("escape")
        assert not entry.pane.is_searched
        assert screen.app.screen is entry
        await screen.press("slash")
        await screen.type("TABLE T3")
        assert "no match" in screen.bottom()
        await screen.press("escape", "escape")
        await screen.until(lambda: isinstance(screen.app.screen, HistoryScreen))


async def test_w_wraps_the_recorded_text_and_scrolls_it_sideways_again(project: Project) -> None:
    words = " ".join(f"word_{number}" for number in range(40))
    project.write("001_long.sql", f"SELECT '{words}';\n-- Rollback: none: it reads\n")
    async with project.open(SIZE) as screen:
        await apply(screen)
        await open_history(screen)
        await screen.press("enter")
        await screen.until("word_0 ")
        assert "word_39" not in screen.text()
        await screen.press("W")
        await screen.until("word_39")
        await screen.press("W")
        await screen.until(lambda: "word_39" not in screen.text())


async def test_slash_searches_the_pane_that_has_the_focus(tables: Project) -> None:
    async with tables.open(SIZE) as screen:
        await apply(screen)
        await open_history(screen)
        await screen.press("enter")
        await screen.until("This machine has no journal")
        await screen.press("tab", "slash")
        await screen.type("t3")
        assert screen.app.screen.query_one(EntryLog).searcher.text == "t3"


async def test_search_of_the_matrix_looks_in_all_rows_and_then_shows_those_of_before(
    three_targets: Project,
) -> None:
    for number in range(1, 13):
        three_targets.table(number)
    async with three_targets.open(SIZE) as screen:
        pane = await open_matrix(screen)
        assert len(pane.view.rows) == 3  # the ten in the middle have the same states
        await screen.press("slash")
        await screen.type("t7")
        await screen.until(lambda: getattr(pane.row, "name", "") == "007_make_t7.sql")
        assert "1 of 1" in screen.bottom()
        await screen.press("enter")
        assert screen.bottom().startswith(" n next match")
        await screen.press("escape")
        await screen.until(lambda: len(pane.view.rows) == 3)
        assert isinstance(screen.app.screen, MatrixScreen)
        assert screen.bottom().startswith(" Enter go")


async def test_search_of_the_matrix_leaves_all_rows_to_who_has_asked_for_them(three_targets: Project) -> None:
    for number in range(1, 13):
        three_targets.table(number)
    async with three_targets.open(SIZE) as screen:
        pane = await open_matrix(screen)
        await screen.press("o")
        await screen.until(lambda: len(pane.view.rows) == 12)
        await screen.press("slash")
        await screen.type("make")
        assert "1 of 12" in screen.bottom()
        await screen.press("enter", "n")
        assert pane.cursor == 1
        await screen.press("N", "N")
        assert pane.cursor == 11
        await screen.press("escape")
        await screen.pilot.pause()
        assert pane.view.every


async def test_search_of_the_matrix_follows_rows_that_come(three_targets: Project) -> None:
    for number in range(1, 4):
        three_targets.table(number)
    async with three_targets.open(SIZE) as screen:
        await open_matrix(screen)
        await screen.press("slash")
        await screen.type("make_t")
        await screen.until(lambda: "1 of 3" in screen.bottom())
        three_targets.table(4)
        await screen.until(lambda: "1 of 4" in screen.bottom())


async def test_filter_of_the_history_marks_its_word_and_n_goes_to_the_next_one(tables: Project) -> None:
    async with tables.open(SIZE) as screen:
        await apply(screen)
        await open_history(screen)
        await screen.press("slash")
        await screen.type("MAKE")
        await screen.until("None of 3 entries matches the filter.")
        await screen.press("ctrl+u")
        await screen.type("make_")
        await screen.until(lambda: "3 of 3" in screen.bottom())
        await screen.press("enter", "n")
        assert history_list(screen).cursor == 1
        assert "/make_  2 of 3" in screen.text()
        await screen.press("escape")
        assert not history_list(screen).is_searched
        assert isinstance(screen.app.screen, HistoryScreen)


# Pages


def write_entries(project: Project, number: int) -> None:
    """Copy the only entry of the history, so that there are `number`: 900_x.sql to 900+n_x.sql."""
    with psycopg.connect(project.targets[0].dsn, autocommit=True) as conn:
        columns = conn.execute(
            "SELECT string_agg(quote_ident(attname), ',') FROM pg_attribute "
            "WHERE attrelid = 'koonj.history'::regclass AND attnum > 0 AND NOT attisdropped "
            "AND attname NOT IN ('id', 'name')"
        ).fetchone()
        assert columns is not None
        conn.execute(
            f"INSERT INTO koonj.history (name, {columns[0]}) SELECT (899 + n) || '_x.sql', {columns[0]} "
            f"FROM koonj.history, generate_series(2, {number}) n WHERE koonj.history.id = 1 ORDER BY n"
        )


@pytest.fixture
async def many(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose target has a hundred entries, of which the screen reads twenty at once."""
    project.table(1)
    monkeypatch.setattr(target_history, "PAGE", 20)
    async with project.open() as screen:
        await apply(screen)
    write_entries(project, 100)
    return project


async def test_history_is_read_page_by_page_as_the_user_scrolls(many: Project) -> None:
    async with many.open((80, 24)) as screen:
        await open_history(screen)
        pane = history_list(screen)
        await screen.until(lambda: pane.history.loaded == 40)  # one page ahead of what is visible
        assert "100 entries, newest first, the newest 40 read" in screen.lines()[0]
        assert pane.history.shown[0].name == "999_x.sql"
        await screen.press("G")
        await screen.until(lambda: pane.history.loaded == 60)
        assert pane.current is not None
        assert pane.current.id == pane.history.shown[39].id
        while pane.history.has_more:
            await screen.press("G")
            await screen.pilot.pause()
        await screen.press("G")
        assert pane.current.name == "001_make_t1.sql"
        assert "100 entries, newest first" in screen.lines()[0]
        assert "read" not in screen.lines()[0]
        assert len({entry.id for entry in pane.history.shown}) == 100


async def test_filter_of_the_history_finds_entries_that_were_not_read_yet(many: Project) -> None:
    async with many.open((80, 24)) as screen:
        await open_history(screen)
        pane = history_list(screen)
        await screen.press("slash")
        await screen.type("make_t1")
        await screen.until(lambda: [e.name for e in pane.history.shown] == ["001_make_t1.sql"])
        await screen.until(lambda: "1 of 100" in screen.bottom())


async def test_entries_that_were_deleted_meanwhile_do_not_let_the_screen_ask_for_ever(many: Project) -> None:
    async with many.open((80, 24)) as screen:
        await open_history(screen)
        pane = history_list(screen)
        await screen.until(lambda: pane.history.loaded == 40)
        with psycopg.connect(many.targets[0].dsn, autocommit=True) as conn:
            conn.execute("DELETE FROM koonj.history WHERE id <= 60")
        await screen.press("G")
        await screen.until(lambda: not pane.history.has_more)
        assert pane.history.total == pane.history.loaded == 40


async def test_a_page_that_is_being_read_is_not_asked_for_again(
    many: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with many.open((80, 24)) as screen:
        await open_history(screen)
        pane, backend = history_list(screen), screen.main.backend
        await screen.until(lambda: pane.history.loaded == 40)
        asked: list[int | None] = []
        may_read, read = asyncio.Event(), backend.history_page

        async def waiting(target: Target, limit: int, below: int | None) -> HistoryPage:
            asked.append(below)
            await may_read.wait()
            return await read(target, limit, below)

        monkeypatch.setattr(backend, "history_page", waiting)
        await screen.press("G")
        await screen.until(lambda: bool(asked))
        await screen.press("g", "G")
        pane.post_message(HistoryList.EndSeen())
        await screen.pilot.pause()
        assert len(asked) == 1
        may_read.set()
        await screen.until(lambda: pane.history.loaded >= 60)


async def test_filter_that_is_typed_while_a_page_comes_stays(
    many: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    merging, may_merge, merge = threading.Event(), threading.Event(), TargetHistory.with_older

    def waiting(self: TargetHistory, entries: Sequence[HistoryEntry], total: int) -> TargetHistory:
        merging.set()
        may_merge.wait(60)
        return merge(self, entries, total)

    monkeypatch.setattr(TargetHistory, "with_older", waiting)
    async with many.open((80, 24)) as screen:
        await open_history(screen)
        pane = history_list(screen)
        await screen.until(merging.is_set)
        await screen.press("slash", "x")
        await screen.until(lambda: pane.history.wanted.words == ("x",))
        filtered = pane.history
        assert filtered.loaded == 40
        may_merge.set()
        await screen.until(lambda: pane.history is not filtered)
        assert pane.history.wanted.words == ("x",)


async def test_reading_again_keeps_what_was_read(many: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    async with many.open((80, 24)) as screen:
        await open_history(screen)
        pane = history_list(screen)
        await screen.until(lambda: pane.history.loaded == 40)
        shown: list[int] = []
        show = HistoryScreen._show

        def noted(self: HistoryScreen, found: TargetHistory) -> None:
            shown.append(found.loaded)
            show(self, found)

        monkeypatch.setattr(HistoryScreen, "_show", noted)
        await screen.press("R")
        await screen.until(lambda: bool(shown))
        assert shown[0] == 40


async def test_cursor_follows_its_entry_when_a_newer_one_comes(many: Project) -> None:
    async with many.open((80, 24)) as screen:
        await open_history(screen)
        pane = history_list(screen)
        await screen.press("j", "j")
        assert pane.current is not None
        entry = pane.current.id
        write_entries(many, 2)
        await screen.press("R")
        await screen.until(lambda: pane.history.total == 101)
        assert pane.current.id == entry
        assert pane.cursor == 3


async def test_history_that_was_read_to_its_end_is_not_asked_for_more(
    tables: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with tables.open(SIZE) as screen:
        await apply(screen)
        await open_history(screen)
        pane, asked = history_list(screen), list[int | None]()
        read = screen.main.backend.history_page

        async def noted(target: Target, limit: int, below: int | None) -> HistoryPage:
            asked.append(below)
            return await read(target, limit, below)

        monkeypatch.setattr(screen.main.backend, "history_page", noted)
        await screen.press("G", "g")
        pane.post_message(HistoryList.EndSeen())
        await screen.pilot.pause()
        await screen.press("R")
        await screen.until(lambda: bool(asked))
        assert asked == [None]


async def test_name_in_a_narrow_history_is_without_its_extension(many: Project) -> None:
    async with many.open((80, 24)) as screen:
        await open_history(screen)
        pane = history_list(screen)
        assert " 999_x  " in pane.draw(0, 78).text
        assert " 999_x.sql  " in pane.draw(0, 118).text


async def test_two_clicks_on_close_close_one_screen(three_targets: Project) -> None:
    three_targets.table(1)
    async with three_targets.open(SIZE) as screen:
        await apply(screen)
        for key in ("D", "T", "H", "question_mark", "n"):
            await screen.press(key)
            await screen.until(
                lambda: screen.app.screen is not screen.main and bool(screen.app.screen.query(BottomLine))
            )
            line = screen.app.screen.query_one(BottomLine)
            line.post_message(BottomLine.Clicked("close"))
            line.post_message(BottomLine.Clicked("close"))
            await screen.until(lambda: screen.app.screen is screen.main)
            await screen.pilot.pause()
            assert screen.app.screen is screen.main, key


async def test_two_clicks_on_a_place_leave_once(three_targets: Project) -> None:
    three_targets.table(1)
    async with three_targets.open(SIZE) as screen:
        await apply(screen)
        await open_matrix(screen)
        line = screen.app.screen.query_one(BottomLine)
        await screen.press("o")
        await screen.until(lambda: isinstance(screen.app.screen.query_one(MatrixPane).row, MatrixRow))
        line.post_message(BottomLine.Clicked("go"))
        line.post_message(BottomLine.Clicked("go"))
        await screen.until(lambda: screen.app.screen is screen.main)
        await screen.pilot.pause()
        assert screen.app.screen is screen.main


async def test_all_rows_stay_while_the_text_of_a_search_is_typed_again(three_targets: Project) -> None:
    for number in range(1, 25):
        three_targets.table(number)
    async with three_targets.open(SIZE) as screen:
        pane = await open_matrix(screen)
        shown = len(pane.view.rows)
        await screen.press("slash")
        await screen.type("t4")
        await screen.until(lambda: len(pane.view.rows) == 24)
        assert shown < 24
        await screen.press("backspace", "backspace")
        await screen.until(lambda: not pane.is_searched)
        await screen.pilot.pause()
        matrix = screen.app.screen
        assert isinstance(matrix, MatrixScreen)
        assert matrix._every_for_search
        assert len(pane.view.rows) == 24
        await screen.press("escape")
        await screen.until(lambda: len(pane.view.rows) == shown)
