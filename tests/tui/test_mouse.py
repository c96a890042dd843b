"""The mouse: clicks on rows, targets, tabs and keys; the wheel; tooltips."""

from __future__ import annotations

from textual.events import MouseScrollDown

from koonj.tui.screens.dialog import QUIET
from koonj.tui.widgets.footer import BottomLine
from koonj.tui.widgets.migration_list import MigrationList
from koonj.tui.widgets.preview import Preview
from koonj.tui.widgets.target_list import TargetList
from support.screen import Project, Screen


def cursor(screen: Screen) -> int:
    return screen.main.migrations.cursor


async def test_click_selects_row_and_click_on_title_selects_none(project: Project) -> None:
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


async def test_click_below_last_row_selects_nothing(project: Project) -> None:
    for number in (1, 2):
        project.table(number)
    async with project.open() as screen:
        await screen.pilot.click(MigrationList, offset=(5, 8))
        assert cursor(screen) == 0


async def test_double_click_chooses_target_and_single_click_does_not(three_targets: Project) -> None:
    async with three_targets.open() as screen:
        await screen.pilot.click(TargetList, offset=(5, 2))
        assert "► local" in screen.top()
        await screen.pilot.click(TargetList, offset=(5, 2), times=2)
        await screen.until(lambda: "► staging" in screen.top())


async def test_click_on_target_details_does_nothing(three_targets: Project) -> None:
    async with three_targets.open() as screen:
        await screen.press("3", "G")
        await screen.until("refused")
        await screen.press("k", "j")
        before = screen.main.query_one(TargetList).cursor
        await screen.pilot.click(TargetList, offset=(8, 4), times=2)
        assert screen.main.query_one(TargetList).cursor == before
        assert "► local" in screen.top()


async def test_click_on_tab_shows_it(project: Project) -> None:
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


def hint_position(screen: Screen, label: str) -> tuple[int, int]:
    """Return the position of a key in the footer, in cells of the screen."""
    line = screen.app.screen.query_one(BottomLine)
    text = line.render_line(0).text
    return line.region.x + text.index(label) + 1, line.region.y


async def click_hint(screen: Screen, label: str) -> None:
    await screen.pilot.click(offset=hint_position(screen, label))


async def test_click_on_key_runs_its_command(project: Project) -> None:
    project.table(1)
    async with project.open((100, 30)) as screen:
        await click_hint(screen, "t target")
        assert screen.main.pane.NUMBER == "3"
        await click_hint(screen, "? help")
        await screen.expect_dialog("Help")
        await click_hint(screen, "Esc close")
        assert screen.app.screen is screen.main


async def test_click_on_dim_key_shows_reason(project: Project) -> None:
    project.table(1)
    async with project.open((100, 30)) as screen:
        await screen.press("3")
        await click_hint(screen, "T all targets")
        assert screen.bottom().startswith(" ! There is only one target.")
        await screen.pilot.click(BottomLine, offset=(3, 0))
        assert screen.bottom().startswith(" Enter choose"), "a click closes the message"


async def test_click_never_confirms(project: Project) -> None:
    project.table(1)
    async with project.open((100, 30)) as screen:
        await click_hint(screen, "a apply")
        await screen.expect_dialog("Apply 1 migration to local?")
        for label in ("y apply", "j/k"):
            await click_hint(screen, label)
        await screen.pilot.pause(2 * QUIET)
        await screen.expect_dialog("Apply 1 migration to local?")
        await click_hint(screen, "n/Esc cancel")
        await screen.expect_run("not confirmed")
        assert "0 applied" in screen.top()


async def test_tooltip_of_key_shows_its_help(project: Project) -> None:
    project.table(1)
    async with project.open((100, 30), tooltips=True) as screen:
        await screen.pilot.hover(offset=hint_position(screen, "n new"))
        await screen.until("Create a migration from a pattern")
        await screen.press("3")
        for label in (
            "all targets",
            "T all targets",
        ):  # Textual hides the tooltip at the first move and waits after the second
            await screen.pilot.hover(offset=hint_position(screen, label))
        await screen.until("Not available: There is only one target.")
        await screen.pilot.hover(MigrationList, offset=(3, 3))
        await screen.until(lambda: "Not available" not in screen.text())


async def test_wheel_scrolls_pane_under_mouse(project: Project) -> None:
    for number in range(1, 61):
        project.table(number)
    project.write("001_make_t1.sql", "SELECT 1;\n" * 200 + "-- Rollback: none: it reads\n")
    async with project.open() as screen:
        await screen.until("1/200")
        preview = screen.main.preview
        turn = MouseScrollDown(preview, 5, 5, 0, 1, 0, shift=False, meta=False, ctrl=False)
        preview.post_message(turn)
        await screen.until(lambda: preview.top == 3)
        assert cursor(screen) == 0
