"""The orders of the list, and the line between what is applied and what comes."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from types import FrameType

import pytest

from koonj.migrations.history_entry import Action, HistoryEntry, Outcome
from koonj.migrations.migration import Migration
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.tui.state.row_order import RowOrder, end_of_history, first_after, in_order
from koonj.tui.state.snapshot import Row
from koonj.tui.toolkit.capabilities import Terminal
from support.screen import Project, Screen, apply

START = datetime(2026, 8, 1, 12, 0, tzinfo=UTC)


def entry(at: int, seconds: float | None, action: Action = Action.APPLY) -> HistoryEntry:
    started = START + timedelta(minutes=at)
    finished = None if seconds is None else started + timedelta(seconds=seconds)
    return HistoryEntry(
        at, "", action, Outcome.DONE, "", "", "", 1, 1, started, finished, None, None, None, None, None,
        "", "", "", "", "",
    )  # fmt: skip


def row(number: int, state: State | None, last: HistoryEntry | None = None) -> Row:
    name = f"{number:03}_make.sql"
    file = Migration.from_recorded(name, "SELECT 1;")
    applied = state in (State.APPLIED, State.EDITED)
    status = None if state is None else MigrationStatus(number, name, state, file, last, applied, False)
    return Row(number, name, state, file, status)


ROWS = (
    row(1, State.APPLIED, entry(10, 0.5)),
    row(2, State.APPLIED, entry(30, 7)),
    row(3, State.EDITED, entry(20, 2)),
    row(4, State.APPLIED, entry(40, 1, Action.ROLLBACK)),
    row(5, State.LATE),
    row(6, State.APPLIED, entry(25, None)),
    row(7, State.FAILED),
    row(8, State.PENDING),
)


@pytest.mark.parametrize(
    ("order", "numbers"),
    [
        (RowOrder.NUMBER, [1, 2, 3, 4, 5, 6, 7, 8]),
        (RowOrder.STATE, [7, 3, 5, 8, 1, 2, 4, 6]),
        (RowOrder.WHEN, [2, 6, 3, 1, 4, 5, 7, 8]),
        (RowOrder.TOOK, [2, 3, 1, 4, 5, 6, 7, 8]),
    ],
)
def test_rows_in_each_order(order: RowOrder, numbers: list[int]) -> None:
    assert [r.number for r in in_order(ROWS, order)] == numbers


def test_orders_follow_each_other_and_every_state_has_a_place() -> None:
    seen, order = [], RowOrder.NUMBER
    for _ in RowOrder:
        seen.append(order)
        order = order.next
    assert seen == list(RowOrder)
    assert order is RowOrder.NUMBER
    rows = [row(number, state) for number, state in enumerate((None, *State))]
    assert len(in_order(rows, RowOrder.STATE)) == len(rows)


def test_an_order_looks_at_each_of_ten_thousand_rows_once() -> None:
    rows = tuple(ROWS[number % len(ROWS)]._replace(number=number) for number in range(10_000))
    calls = 0

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal calls
        calls += event == "call" and frame.f_globals.get("__name__", "").startswith("koonj.")

    for order in RowOrder:
        calls = 0
        sys.setprofile(count)
        try:
            in_order(rows, order)
        finally:
            sys.setprofile(None)
        assert calls <= 2 * len(rows) + 10, order


def test_history_ends_after_the_last_applied_one() -> None:
    assert end_of_history(ROWS) == (6, "006_make.sql")
    assert first_after(ROWS, (6, "006_make.sql")) == 6
    assert first_after(ROWS[6:], (6, "006_make.sql")) == 0
    assert first_after(ROWS[:3], (6, "006_make.sql")) == 3
    assert end_of_history(ROWS[6:]) is None
    assert end_of_history((row(1, None),)) is None


def parting(screen: Screen) -> list[int]:
    """Return the numbers of the visible lines with the words of the parting line."""
    return [i for i, line in enumerate(screen.migrations()) if "to apply" in line]


async def test_a_line_parts_what_is_applied_from_what_comes(project: Project) -> None:
    for number in (1, 2, 4):
        project.table(number)
    async with project.open((100, 30)) as screen:
        assert parting(screen) == [], "nothing is applied yet"
        await apply(screen)
        assert parting(screen) == [], "nothing comes"
        for number in (3, 5, 6):
            project.table(number)
        await screen.until("◂ late")
        await screen.until("3 to apply")
        lines = screen.migrations()
        assert lines[4].strip("╌") == " 3 to apply, 1 of them above "
        assert "3 pending" in screen.top(), "the first line has the same number"
        assert "late" in lines[2], "a late one stays at its number"
        assert "004" in lines[3]
        assert "005" in lines[5]
        await screen.press("g", "j", "j", "j")
        assert screen.main.selected is not None
        assert screen.main.selected.name == "004_make_t4.sql"
        await screen.press("j")
        assert screen.main.selected.name == "005_make_t5.sql", "the cursor skips the line"
        await screen.press("G")
        assert screen.main.selected.name == "006_make_t6.sql"


async def test_the_line_follows_filter_and_order(project: Project) -> None:
    for number in (1, 2):
        project.table(number)
    async with project.open((100, 30)) as screen:
        await apply(screen)
        for number in (11, 12, 13):
            project.table(number)
        await screen.until("3 to apply")
        await screen.press("slash", "2")
        await screen.until(lambda: "1 to apply" in screen.text())
        assert [line[1:4] for line in screen.migrations()] == ["002", "╌╌╌", "012"]
        await screen.press("backspace", "1", "1")
        await screen.until(lambda: len(screen.migrations()) == 1)
        assert parting(screen) == [], "nothing above it"
        await screen.press("escape")
        assert len(parting(screen)) == 1
        await screen.press("O")
        assert parting(screen) == []
        assert "Migrations by state" in screen.pane("1")[0]


async def test_o_sorts_and_keeps_the_selection(project: Project) -> None:
    for number in (1, 2, 3):
        project.table(number)
    async with project.open((100, 30)) as screen:
        await apply(screen, "a")
        await screen.press("g")
        shown = []
        for _ in RowOrder:
            await screen.press("O")
            title = screen.pane("1")[0].split("  ")[0].split(" 1 of")[0].split(" 3 of")[0]
            shown.append((title.strip(" ─"), screen.migrations()[0][1:4]))
            assert screen.main.selected is not None
            assert screen.main.selected.name == "001_make_t1.sql"
        assert [first for _, first in shown] == ["002", "001", "001", "001"]
        assert [title.split(" ──")[0] for title, _ in shown] == [
            "1 Migrations by state",
            "1 Migrations by applied",
            "1 Migrations by took",
            "1 Migrations",
        ]


async def test_a_number_is_found_in_every_order(project: Project) -> None:
    for number in (1, 2, 3, 5):
        project.table(number)
    async with project.open((100, 30)) as screen:
        await apply(screen, "a")
        for _ in RowOrder:
            await screen.press("O")
            for wanted, found in ((2, "002"), (4, "005")):
                screen.main.jump(wanted)
                assert screen.main.selected is not None
                assert screen.main.selected.name.startswith(found)


async def test_a_click_on_the_line_selects_nothing(project: Project) -> None:
    project.table(1)
    async with project.open((100, 30)) as screen:
        await apply(screen)
        project.table(2)
        await screen.until("1 to apply")
        pane = screen.main.migrations
        await screen.pilot.click(pane, offset=(5, 2))
        assert pane.cursor == 0
        await screen.pilot.click(pane, offset=(5, 3))
        assert pane.cursor == 1


async def test_the_line_in_ascii(project: Project) -> None:
    project.table(1)
    async with project.open((80, 24), Terminal(ascii_only=True)) as screen:
        await apply(screen)
        project.table(2)
        await screen.until("1 to apply")
        line = next(line for line in screen.lines() if "to apply" in line)
        assert line.startswith("---- 1 to apply ---")
