"""The mouse: rows, targets, tabs, wheel; nothing is chosen that was not under it."""

from __future__ import annotations

from textual.events import MouseScrollDown

from koonj.tui.widgets.migration_list import MigrationList
from koonj.tui.widgets.preview import Preview
from koonj.tui.widgets.targets import Targets
from support.screen import Project, Screen


def cursor(screen: Screen) -> int:
    return screen.main.migrations.cursor


async def test_a_click_selects_the_row_under_it_and_the_title_none(project: Project) -> None:
    for number in range(1, 61):
        project.table(number)
    async with project.open((100, 30)) as screen:
        await screen.pilot.click(MigrationList, offset=(5, 3))
        assert cursor(screen) == 2
        await screen.press("G")
        await screen.pilot.click(MigrationList, offset=(5, 0))
        assert cursor(screen) == 59
        top = screen.main.migrations.top
        await screen.pilot.click(MigrationList, offset=(5, 1))
        assert cursor(screen) == top


async def test_a_click_below_the_last_row_selects_nothing(project: Project) -> None:
    for number in (1, 2):
        project.table(number)
    async with project.open() as screen:
        await screen.pilot.click(MigrationList, offset=(5, 8))
        assert cursor(screen) == 0


async def test_two_clicks_choose_a_target_one_does_not(three_targets: Project) -> None:
    async with three_targets.open() as screen:
        await screen.pilot.click(Targets, offset=(5, 2))
        assert "► local" in screen.top()
        await screen.pilot.click(Targets, offset=(5, 2), times=2)
        await screen.until(lambda: "► staging" in screen.top())


async def test_a_click_on_what_is_said_of_a_target_is_none(three_targets: Project) -> None:
    async with three_targets.open() as screen:
        await screen.press("3", "G")
        await screen.until("refused")
        await screen.press("k", "j")
        before = screen.main.query_one(Targets).cursor
        await screen.pilot.click(Targets, offset=(8, 4), times=2)
        assert screen.main.query_one(Targets).cursor == before
        assert "► local" in screen.top()


async def test_a_click_on_a_tab_shows_it(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        title = screen.pane("2")[0]
        await screen.pilot.click(Preview, offset=(title.index("Rollback") + 3, 0))
        assert "[Rollback]" in screen.pane("2")[0]
        title = screen.pane("2")[0]
        await screen.pilot.click(Preview, offset=(title.index("Body") + 1, 0))
        assert "[Body]" in screen.pane("2")[0]
        await screen.pilot.click(Preview, offset=(1, 0))
        assert "[Body]" in screen.pane("2")[0]


async def test_the_wheel_moves_what_is_under_it(project: Project) -> None:
    for number in range(1, 61):
        project.table(number)
    project.write("001_make_t1.sql", "SELECT 1;\n" * 200 + "-- Rollback: none: it reads\n")
    async with project.open() as screen:
        await screen.until("1-")
        preview = screen.main.preview
        turn = MouseScrollDown(preview, 5, 5, 0, 1, 0, shift=False, meta=False, ctrl=False)
        preview.post_message(turn)
        await screen.until(lambda: preview.top == 3)
        assert cursor(screen) == 0
