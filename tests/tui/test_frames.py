"""Borders around panes in dark and light: titles in them, the focus, sizes, the mouse."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.tui.state.run import RunStage
from koonj.tui.theme import PLAIN
from koonj.tui.toolkit.capabilities import Terminal
from koonj.tui.widgets.frame_lines import BOTTOM, TOP, edge, title_parts
from koonj.tui.widgets.pane_layout import MIGRATIONS, PREVIEW, RUN, TARGETS, PaneSituation, pane_regions
from koonj.tui.widgets.preview.tabs import Tab
from support.looks import look_of
from support.screen import Project, apply

DARK = Terminal(theme="dark")
SIZE = (120, 36)


class TestEdge:
    def test_titles_stand_in_the_line_from_its_third_cell(self) -> None:
        assert edge([(" a ", PLAIN)], [(" 1 of 2 ", PLAIN)], 20, PLAIN).text == "╭─ a ───── 1 of 2 ─╮"
        assert edge((), (), 6, PLAIN, BOTTOM).text == "╰────╯"

    def test_right_text_goes_before_the_title_is_cut(self) -> None:
        assert edge([(" name ", PLAIN)], [(" 1 of 2 ", PLAIN)], 16, PLAIN).text == "╭─ name ───────╮"
        assert edge([(" a long name ", PLAIN)], (), 12, PLAIN, TOP).text == "╭─ a long…─╮"

    def test_title_is_a_chip_only_with_the_focus(self) -> None:
        assert "".join(text for text, _ in title_parts("1", "Run", "accent", focused=True)) == " 1 Run "
        assert "".join(text for text, _ in title_parts("1", "Run", "accent", focused=False)) == " 1 Run "
        assert len(title_parts("1", "Run", "accent", focused=True)) == 1


sizes = st.tuples(st.integers(100, 159), st.integers(26, 80))


class TestLayout:
    @given(sizes, st.integers(2, 500), st.integers(2, 40), st.integers(2, 200), st.sampled_from(RunStage))
    def test_every_pane_has_room_and_all_lines_are_used(
        self, size: tuple[int, int], listed: int, targets: int, run: int, stage: RunStage
    ) -> None:
        width, height = size
        for focused in (MIGRATIONS, PREVIEW, TARGETS, RUN):
            found = pane_regions(
                PaneSituation(
                    width,
                    height,
                    focused,
                    stage=stage,
                    targets=targets,
                    run=run,
                    migrations=listed,
                    framed=True,
                )
            )
            left, right = found[MIGRATIONS], found[PREVIEW]
            assert left.height + found[TARGETS].height == height == right.height + found[RUN].height
            assert left.width + 1 + right.width == width
            assert found[RUN].height >= 3
            assert right.height >= 10
            assert found[TARGETS].height >= 10
            assert left.height >= height // 2 or found[TARGETS].height >= height * 2 // 5

    def test_list_is_as_high_as_its_rows_but_leaves_lines_to_the_targets(self) -> None:
        few = pane_regions(PaneSituation(120, 34, migrations=20, targets=8, framed=True))
        many = pane_regions(PaneSituation(120, 34, migrations=400, targets=8, framed=True))
        assert (few[MIGRATIONS].height, few[TARGETS].height) == (20, 14)
        assert (many[MIGRATIONS].height, many[TARGETS].height) == (24, 10)

    @given(st.integers(160, 300), st.integers(38, 90), st.integers(2, 500), st.integers(2, 40))
    def test_wide_screen_has_a_table_beside_the_targets_and_the_preview_beside_the_run(
        self, width: int, height: int, listed: int, targets: int
    ) -> None:
        found = pane_regions(PaneSituation(width, height, migrations=listed, targets=targets, framed=True))
        table, preview = found[MIGRATIONS], found[PREVIEW]
        assert table.width + 1 + found[TARGETS].width == width == preview.width + 1 + found[RUN].width
        assert table.height == found[TARGETS].height
        assert preview.height == found[RUN].height == height - table.height
        assert preview.height >= 10
        assert table.height >= height // 3

    def test_zoomed_pane_has_all(self) -> None:
        assert list(pane_regions(PaneSituation(120, 34, PREVIEW, zoomed=True, framed=True))) == [PREVIEW]


async def test_border_of_the_focus_has_the_accent(tables: Project) -> None:
    async with tables.open(SIZE, DARK) as screen:
        app = screen.app
        assert look_of(app, "╭─ 1 Migrations ") == ("accent", "background", False)
        assert look_of(app, " 1 Migrations ") == ("background", "accent", True)
        assert look_of(app, " 2  Body ") == ("muted", "background", False)
        assert look_of(app, " Body ") == ("accent", "selected", True)
        await screen.press("3")
        assert look_of(app, "╭─ 1 Migrations ") == ("border", "background", False)
        assert look_of(app, " 3 Targets ") == ("background", "accent", True)
        await screen.press("2")
        assert look_of(app, " 2  Body ") == ("background", "accent", True)


async def test_small_screen_has_no_borders_at_the_sides(tables: Project) -> None:
    async with tables.open((80, 24), DARK) as screen:
        assert not set("╭╮╰╯") & set(screen.text())
        assert screen.lines()[1].startswith("─ 1 Migrations ─")


async def test_terminal_theme_has_no_borders(tables: Project) -> None:
    async with tables.open(SIZE) as screen:
        assert not set("╭╮╰╯▌") & set(screen.text())


async def test_borders_follow_size_theme_and_zoom(tables: Project) -> None:
    async with tables.open(SIZE, DARK) as screen:
        assert screen.text().count("╭") == 4
        await screen.pilot.resize_terminal(80, 24)
        await screen.until(lambda: "╭" not in screen.text())
        assert "▌001" in screen.text()
        await screen.pilot.resize_terminal(*SIZE)
        await screen.until(lambda: screen.text().count("╭") == 4)
        await screen.press("plus")
        await screen.until("zoomed")
        assert screen.text().count("╭") == 1
        await screen.press("plus")
        screen.main.action_command("theme")
        screen.main.action_command("theme")
        await screen.until(lambda: "╭" not in screen.text())
        screen.main.action_command("theme")
        await screen.until(lambda: screen.text().count("╭") == 4)


async def test_mouse_hits_rows_and_tabs_inside_the_border(tables: Project) -> None:
    async with tables.open(SIZE, DARK) as screen:
        row = next(y for y, line in enumerate(screen.lines()) if " 002 make_t2" in line[:60])
        await screen.pilot.click(offset=(10, row))
        assert screen.main.selected is not None
        assert screen.main.selected.name == "002_make_t2.sql"
        title = next(line for line in screen.lines() if " Statements " in line)
        await screen.pilot.click(offset=(title.index("Statements") + 2, screen.lines().index(title)))
        assert screen.main.preview.tab is Tab.STATEMENTS
        assert look_of(screen.app, " Statements ") == ("accent", "selected", True)


async def test_cursor_scrolls_within_the_border(project: Project) -> None:
    for number in range(1, 61):
        project.table(number)
    async with project.open(SIZE, DARK) as screen:
        await screen.press("end")
        await screen.until("▌060")
        border = next(y for y, line in enumerate(screen.lines()) if line.startswith("╰"))
        assert screen.lines()[border - 1].startswith("│▌060")
        assert "60 of 60" in screen.text()
        await screen.press("home")
        await screen.until("▌001")
        assert screen.lines()[2].startswith("│ #   name")


async def test_wide_list_shows_other_targets_and_who_applied_it_when(
    three_targets: Project, pinned: None
) -> None:
    for number in (1, 2):
        three_targets.table(number)
    async with three_targets.open((200, 50), DARK) as screen:
        await apply(screen)
        heading, first = screen.lines()[2], screen.lines()[3]
        for word in ("name", "local", "staging", "▴ production", "runs", "applied", "by", "took s"):
            assert word in heading, word
        assert first.index("◦ pending") == heading.index("staging")
        assert first[heading.index("▴ production") :].startswith(" " * 12)  # it cannot be reached
        assert first.index("2026-08-01 14:03:59") == heading.index("applied", heading.index("production"))
        assert first.index("ada") == heading.index(" by ") + 1
        assert re.search(r" \d\.\d\d ", first[heading.index("took") - 6 :])
        assert look_of(screen.app, "◦ pending", 3)[0] == "warn"
        await screen.press("t", "j", "enter", "1")
        await screen.until(lambda: "local " in screen.lines()[2])
        assert screen.lines()[3].count("✓ applied") == 1


async def test_run_has_its_tone_and_a_badge(project: Project) -> None:
    project.write("001_fails.sql", "SELECT 1 / 0;\n-- Rollback: none: it reads\n")
    async with project.open(SIZE, DARK) as screen:
        assert look_of(screen.app, "╭─ 4 Run ") == ("border", "background", False)
        await screen.press("A")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("failed")
        await screen.until("Esc close")
        assert look_of(screen.app, "╭─ 4 Run ") == ("error", "background", False)
        assert look_of(screen.app, " ended ") == ("error", "error-tint", True)
        await screen.press("4")
        assert look_of(screen.app, " 4 Run ") == ("background", "error", True)


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_ascii_has_twins_of_all_lines(tables: Project, theme: str) -> None:
    async with tables.open(SIZE, Terminal(theme=theme, ascii_only=True)) as screen:
        assert screen.text().isascii()
        assert "?" not in screen.text().replace("? help", "")
        assert screen.lines()[1].startswith("+- 1 Migrations -")
        assert ">001" in screen.text()
