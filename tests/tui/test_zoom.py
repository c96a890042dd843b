"""Zoom and sizes of the panes, also when the terminal is resized."""

from __future__ import annotations

import psycopg
import pytest

from koonj.tui.widgets.pane_grid import PaneGrid
from support.gate import CLOSE, OPEN_ALL, wait_at
from support.screen import Project, Screen

SLEEPS = "SELECT pg_sleep(30);\n-- Rollback: none: it reads\n"


def titles(screen: Screen) -> list[str]:
    """Return the numbers of the visible panes, from top to bottom."""
    placed = [(p.region.y, p.region.x, p.NUMBER) for p in screen.main.panes if p.region.height]
    return [number for _, _, number in sorted(placed)]


def height(screen: Screen, number: str) -> int:
    return next(p for p in screen.main.panes if number == p.NUMBER).region.height


async def resized(screen: Screen, width: int, lines: int) -> None:
    await screen.pilot.resize_terminal(width, lines)
    await screen.until(
        lambda: len(screen.lines()) == lines and screen.main.query_one(PaneGrid).size.width == width
    )
    await screen.pilot.pause()


@pytest.mark.parametrize("size", [(200, 50), (80, 24), (40, 12)], ids=str)
async def test_plus_zooms_a_pane_and_restores_the_layout(project: Project, size: tuple[int, int]) -> None:
    project.table(1)
    async with project.open(size) as screen:
        before = screen.lines()
        await screen.press("plus")
        assert titles(screen) == ["1"]
        assert "1 Migrations  zoomed" in screen.lines()[1]
        await screen.press("2")
        assert titles(screen) == ["2"]
        assert "zoomed" in screen.lines()[1]
        await screen.press("tab")
        assert titles(screen) == ["3"]
        await screen.press("plus", "1")
        assert screen.lines() == before
        await screen.press("plus", "escape")
        assert screen.lines() == before


async def test_escape_leaves_zoom_first(project: Project) -> None:
    project.table(1)
    async with project.open((80, 24)) as screen:
        await screen.press("a")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("done")
        await screen.press("4", "plus", "escape")
        assert "zoomed" not in screen.text()
        assert "done" in screen.run()
        await screen.press("escape")
        assert len(screen.pane("4")) == 1


async def test_targets_get_more_space_when_focused(three_targets: Project) -> None:
    three_targets.table(1)
    async with three_targets.open((80, 24)) as screen:
        assert screen.pane("3") == [
            "─ 3 Targets ── ► local   staging   × production ▴ protected ────────────────────"
        ]
        assert "─ 4 Run ── nothing has run yet ─" in screen.text()
        await screen.press("t")
        assert height(screen, "3") == 4
        assert "● ok  0 applied  1 pending" in screen.targets()[0]
        await screen.press("1")
        assert height(screen, "3") == 1


async def test_run_gets_more_space_while_it_is_in_progress(project: Project) -> None:
    project.table(1)
    project.write("002_sleep.sql", f"{wait_at()}\n-- Rollback: none: it reads\n")
    with psycopg.connect(project.targets[0].dsn, autocommit=True) as opening:
        opening.execute(CLOSE)
        await _run_with_space(project, opening)


async def _run_with_space(project: Project, opening: psycopg.Connection) -> None:
    async with project.open((80, 24)) as screen:
        await screen.press("A")
        await screen.expect_dialog()
        assert height(screen, "4") == 1
        await screen.yes()
        await screen.until("─ 4 Run ── applying on local migration 2 of 2 002_sleep.sql 0:0")
        await screen.until(lambda: height(screen, "4") == 8)
        await screen.until("statement 1 of 1")
        opening.execute(OPEN_ALL)
        await screen.expect_run("done")
        await screen.pilot.pause()
        assert screen.run().startswith("─ 4 Run ── ✓ done: Applied 2 migrations. ─")
        await screen.press("4")
        assert "applied 002_sleep.sql" in screen.run()


async def test_error_gets_its_space_and_useful_keys(project: Project) -> None:
    project.table(1)
    project.write("002_fails.sql", "BEGIN;\nSELECT 1,\n  x;\nCOMMIT;\n-- Rollback: none: it reads\n")
    async with project.open((80, 24)) as screen:
        await screen.press("A")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("failed")
        await screen.until("i edit 002")
        run = screen.pane("4")
        caret = next(i for i, line in enumerate(run) if line.strip() == "^")
        assert run[caret - 1].strip() == "x;"
        assert "42703" in screen.run()
        assert "next" in screen.run()
        assert run[-1] == " i edit 002  a try again"
        assert screen.row("002").startswith("›")


async def test_resize_during_a_run_keeps_the_screen_correct(project: Project) -> None:
    for number in range(1, 40):
        project.table(number)
    project.write("001_make_t1.sql", SLEEPS)
    async with project.open((80, 24)) as screen:
        await screen.press("a")
        await screen.expect_dialog()
        await screen.yes()
        await screen.until("statement 1 of 1")
        for size in ((200, 50), (60, 20), (40, 12), (80, 12), (120, 36), (80, 24)):
            await resized(screen, *size)
            assert "statement 1 of 1" in screen.run()
            assert "c cancel" in screen.bottom()
        await screen.cancel_run()
        await screen.expect_run("cancelled")
        assert " a try again  i edit 001" in screen.pane("4")[-1]


async def test_resize_while_zoomed_keeps_the_screen_correct(project: Project) -> None:
    for number in range(1, 40):
        project.table(number)
    async with project.open((80, 24)) as screen:
        await screen.press("plus", "G")
        for size in ((200, 50), (40, 12), (80, 24)):
            await resized(screen, *size)
            assert titles(screen) == ["1"]
            assert height(screen, "1") == size[1] - 2
            assert "039 make_t39" in screen.migrations()[-1]


async def test_filter_line_is_below_the_list_in_every_arrangement(project: Project) -> None:
    for number in (1, 2):
        project.table(number)
    async with project.open((200, 50)) as screen:
        for size in ((200, 50), (80, 24), (60, 20), (40, 12)):
            await resized(screen, *size)
            await screen.press("1", "slash")
            await screen.type("t2")
            await screen.until(lambda: len(screen.migrations()) == 1)
            last = screen.main.migrations.region.bottom
            assert screen.lines()[last].startswith(" / t2")
            await screen.press("escape")
            assert len(screen.migrations()) == 2


async def test_every_pane_is_reachable_at_40_by_12(three_targets: Project) -> None:
    three_targets.table(1)
    async with three_targets.open((40, 12)) as screen:
        for number in ("1", "2", "3", "4", "1"):
            await screen.press(number)
            assert titles(screen) == ["1", "2", "3", "4"]
            assert height(screen, number) == 7
