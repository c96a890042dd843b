"""The history of a target: newest first, filtered by person and day, with the recorded text and the log."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from textual.strip import Strip

from koonj.migrations.history_entry import UNBLOCKED, Action, HistoryEntry, Outcome
from koonj.migrations.history_filter import HistoryFilter, first_day, last_day
from koonj.tui.screens.history_entry import EntryScreen
from koonj.tui.screens.target_history import HistoryScreen
from koonj.tui.state.target_history import TargetHistory
from koonj.tui.widgets.entry_panes import EntryLog
from support.command import KOONJ
from support.history_screen import history_list, open_history
from support.screen import Project, Screen, apply

TODAY = date(2026, 8, 10)
NOON = datetime(2026, 8, 10, 12, tzinfo=UTC)
ENTRY = HistoryEntry(
    1, "001_users.sql", Action.APPLY, Outcome.DONE, "", "", "", 1, 1, NOON, NOON, None, None, None, None, None,
    "migrator", "ada", "bastion", "0.1.0", "run",
)  # fmt: skip


def found(typed: str, *entries: HistoryEntry) -> list[int]:
    """Return the ids of the entries that match what was typed, as they are shown."""
    wanted = HistoryFilter.parse(typed, TODAY)
    return [entry.id for entry in TargetHistory.of(entries or (ENTRY,), 1, wanted).shown]


@pytest.mark.parametrize(
    "typed", ["", "ada", "bastion", "migrator", "users", "apply", "done", "@ada", "@bastion", "today"]
)
def test_filter_finds_person_name_and_what_was_done(typed: str) -> None:
    assert found(typed) == [1]


@pytest.mark.parametrize("typed", ["grace", "@users", "@apply", "rollback", "yesterday", "Ada", "ada grace"])
def test_filter_requires_every_term_and_its_capitals(typed: str) -> None:
    assert found(typed) == []


def test_filter_by_day() -> None:
    days = [replace(ENTRY, id=n, started=NOON - timedelta(days=n)) for n in range(12)]
    by_day = {
        typed: sorted(found(typed, *days)) for typed in ("today", "yesterday", "3d", "2026-08", "2026-08-07")
    }
    assert by_day == {
        "today": [0],
        "yesterday": [1],
        "3d": [0, 1, 2],
        "2026-08": list(range(10)),
        "2026-08-07": [3],
    }
    assert sorted(found("2026-07 ada", *days)) == [10, 11]


def test_filter_from_a_day_to_a_day() -> None:
    days = [replace(ENTRY, id=n, started=NOON - timedelta(days=n)) for n in range(12)]
    by_days = {
        typed: sorted(found(typed, *days))
        for typed in (
            "since:2026-08-09",
            "until:2026-07",
            "since:2026-08-01 until:2026-08-03",
            "since:2d",
            "until:",
        )
    }
    assert by_days == {
        "since:2026-08-09": [0, 1],
        "until:2026-07": [10, 11],
        "since:2026-08-01 until:2026-08-03": [7, 8, 9],
        "since:2d": [0, 1],
        "until:": list(range(12)),
    }


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("2026-02", date(2026, 2, 28)),
        ("2024-02", date(2024, 2, 29)),
        ("2026-12", date(2026, 12, 31)),
        ("2025", date(2025, 12, 31)),
        ("2026-08-31", date(2026, 8, 31)),
        ("yesterday", date(2026, 8, 9)),
        ("3d", TODAY),
        ("2026-13", None),
        ("2026-02-30", None),
        ("2026-8", None),
        ("soon", None),
    ],
)
def test_last_day_of_what_can_be_written(text: str, last: date | None) -> None:
    assert last_day(text, TODAY) == last


def test_first_day_of_a_month_of_a_year_and_of_the_last_days() -> None:
    assert [first_day(text, TODAY) for text in ("2026-02", "2025", "1d", "0d", "10d")] == [
        date(2026, 2, 1), date(2025, 1, 1), TODAY, TODAY, date(2026, 8, 1),
    ]  # fmt: skip


def test_filter_by_end() -> None:
    failed = replace(ENTRY, id=2, outcome=Outcome.FAILED)
    assert found("ended:failed", ENTRY, failed) == [2]
    assert found("ended:", ENTRY, failed) == [1, 2]
    assert found("ended:d", ENTRY, failed) == [1]


def test_filter_while_a_date_is_typed_narrows_step_by_step() -> None:
    for end in range(5, 11):
        assert found("2026-08-10"[:end]) == [1]
    assert HistoryFilter.parse("2026-0", TODAY).days == ("2026-0",)


def test_decisions_are_named() -> None:
    allowed = replace(ENTRY, action=Action.ALLOW, allowed="rollback_edited")
    assert found("allow edited", allowed) == [1]
    assert found("unblock", replace(allowed, allowed=UNBLOCKED)) == [1]


# The screen


async def entry_opened(screen: Screen) -> None:
    await screen.press("enter")
    await screen.until(
        lambda: isinstance(screen.app.screen, EntryScreen) and bool(screen.app.screen.query(EntryLog))
    )


def names(screen: Screen) -> list[str]:
    return [entry.name for entry in history_list(screen).history.shown]


@pytest.mark.usefixtures("pinned")
async def test_screen_shows_who_what_when_how_long_and_how_it_ended(tables: Project) -> None:
    tables.write("004_fails.sql", "BEGIN;\nSELECT 1/0;\nCOMMIT;\n-- Rollback: none: it fails\n")
    async with tables.open((120, 36)) as screen:
        await screen.press("A")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("failed")
        await open_history(screen)
        first, second, *_ = [
            line for line in screen.lines() if "  2026-08-01" in line or " 2026-08-01" in line
        ]
        assert first.startswith("›✗ 2026-08-01 14:03:59 apply failed    004_fails.sql ")
        assert "ada@bastion as postgres" in first
        assert second.startswith(" ✓ 2026-08-01 14:03:59 apply done      003_make_t3.sql ")
        assert second.split("003_make_t3.sql")[1].split()[1] == "s"
        assert "division by zero (SQLSTATE 22012)" in screen.text()
        assert names(screen) == ["004_fails.sql", "003_make_t3.sql", "002_make_t2.sql", "001_make_t1.sql"]


@pytest.mark.usefixtures("pinned")
async def test_long_name_gets_the_cells_that_no_person_needs(project: Project) -> None:
    name = "001_create_index_of_documents_by_their_title.sql"
    project.write(name, "SELECT 1;\n-- Rollback: none: it reads\n")
    async with project.open((120, 36)) as screen:
        await screen.press("A")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("done")
        await open_history(screen)
        head, entry = (line for line in screen.lines() if "migration" in line or name in line)
        assert "ada@bastion as postgres" not in entry  # 20 cells are left, and the lines below say it
        assert entry.index("ada@bastion as post…") == head.index("by")
        assert "by ada@bastion as postgres" in screen.text()


async def test_filter_is_applied_as_the_user_types_and_esc_clears_it(tables: Project) -> None:
    async with tables.open((120, 30)) as screen:
        await apply(screen)
        await open_history(screen)
        await screen.press("slash")
        await screen.type("t2")
        await screen.until(lambda: names(screen) == ["002_make_t2.sql"])
        assert "/t2  1 of 3" in screen.text()
        await screen.press("enter", "j")
        assert isinstance(screen.app.screen, HistoryScreen)
        assert not screen.app.screen.query_one("Input").has_focus
        await screen.press("slash")
        await screen.type("x")
        await screen.until("None of 3 entries matches the filter.")
        await screen.press("escape")
        await screen.until(lambda: len(names(screen)) == 3)
        await screen.press("escape")
        await screen.until(lambda: screen.app.screen is screen.main)


async def test_enter_shows_the_recorded_text_and_why_there_is_no_log(tables: Project) -> None:
    """A run in the process of the screen has no journal."""
    async with tables.open((120, 30)) as screen:
        await apply(screen)
        await open_history(screen)
        (tables.migrations / "003_make_t3.sql").unlink()
        await entry_opened(screen)
        await screen.until("CREATE TABLE t3 (id int PRIMARY KEY);")
        await screen.until("This machine has no journal of the run.")
        await screen.press("escape")
        await screen.until(lambda: isinstance(screen.app.screen, HistoryScreen))


async def test_enter_shows_the_log_of_a_run_that_has_a_journal(tables: Project) -> None:
    options = ("--dsn", tables.targets[0].dsn, "--migrations", str(tables.migrations))
    await asyncio.to_thread(
        subprocess.run, (*KOONJ, "apply", "--all", "--yes", *options), check=True, timeout=60
    )
    async with tables.open((120, 30)) as screen:
        await open_history(screen)
        await entry_opened(screen)
        await screen.until("Applied 3 migrations.")
        await screen.until("CREATE TABLE t3 (id int PRIMARY KEY);")
        log = screen.app.screen.query_one(EntryLog)
        assert log.view is not None
        assert not log.foot(60)
        await screen.press("tab")
        assert log.has_focus


async def test_decision_has_no_text(tables: Project) -> None:
    async with tables.open((120, 30)) as screen:
        await apply(screen)
        with psycopg.connect(tables.targets[0].dsn, autocommit=True) as connection:
            connection.execute(
                "UPDATE koonj.history SET action = 'allow', allowed = 'edited', reason = 'a typo'"
            )
        await open_history(screen)
        assert screen.text().count("allow edited") == 4
        assert "reason: a typo" in screen.text()


async def test_history_without_an_entry_says_so(tables: Project) -> None:
    async with tables.open() as screen:
        await open_history(screen)
        assert "koonj has recorded nothing on this target." in screen.text()
        await screen.press("enter")
        assert isinstance(screen.app.screen, HistoryScreen)


async def test_target_that_is_not_reached_has_no_history_screen(three_targets: Project) -> None:
    async with three_targets.open() as screen:
        await screen.press("t", "G", "enter", "1")
        await screen.until("► production")
        await screen.press("H")
        await screen.until("production cannot be reached")
        assert "hunter2" not in screen.text()


async def test_new_entries_appear_with_r_and_the_cursor_stays_on_its_entry(tables: Project) -> None:
    async with tables.open((120, 30)) as screen:
        await screen.press("a")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("done")
        await screen.press("escape", "1")
        await apply(screen, "a")
        await open_history(screen)
        await screen.press("j")
        assert names(screen) == ["002_make_t2.sql", "001_make_t1.sql"]
        with psycopg.connect(tables.targets[0].dsn, autocommit=True) as connection:
            connection.execute("UPDATE koonj.history SET name = '009_other.sql' WHERE name LIKE '002%'")
        await screen.press("R")
        await screen.until(lambda: names(screen)[0] == "009_other.sql")
        current = history_list(screen).current
        assert current is not None
        assert current.name == "001_make_t1.sql"


async def test_ten_thousand_entries_are_drawn_only_where_they_are_visible(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with project.open((120, 30)) as screen:
        await open_history(screen)
        pane = history_list(screen)
        drawn: list[int] = []
        draw = pane.draw

        def noted(index: int, width: int) -> Strip:
            drawn.append(index)
            return draw(index, width)

        monkeypatch.setattr(pane, "draw", noted)
        pane.history = TargetHistory.of(
            [replace(ENTRY, id=n) for n in range(10_000)], 10_000, HistoryFilter()
        )
        await screen.pilot.pause()
        await screen.until("1 of 10000")
        drawn.clear()
        await screen.press("j")
        assert len(drawn) <= 4
        await screen.press("G")
        await screen.until("10000 of 10000")
        assert len(drawn) < 100
