"""Targets × migrations: one row for each migration, the next difference, and the way to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from koonj.cli.arguments import parse
from koonj.config import Password, Target
from koonj.runner.fleet.selection import chosen_targets
from koonj.tui.screens.fleet_run import command
from koonj.tui.screens.matrix import MatrixScreen
from koonj.tui.widgets.matrix_pane import MatrixPane, matrix_columns
from koonj.tui.workers import backend
from koonj.tui.workers.subprocesses import PROGRAM
from support.screen import Project, Screen, apply


def matrix_screen(screen: Screen) -> MatrixScreen:
    found = screen.app.screen
    assert isinstance(found, MatrixScreen), screen.text()
    return found


def pane(screen: Screen) -> MatrixPane:
    return matrix_screen(screen).pane


async def opened(screen: Screen) -> None:
    await screen.press("T")
    await screen.until(
        lambda: isinstance(screen.app.screen, MatrixScreen) and bool(screen.app.screen.query(MatrixPane))
    )
    await screen.until(lambda: pane(screen).view.folder is not None)
    await all_read(screen)


async def all_read(screen: Screen) -> None:
    """Wait until every target was read, and the matrix shows that."""
    await screen.until(lambda: all(check.since is None for check in screen.main.snapshot.checks))
    await screen.until(lambda: all(check.since is None for check in pane(screen).view.columns))


def current(screen: Screen) -> str:
    """Return the name of the migration at the cursor."""
    (line,) = [line for line in screen.lines() if line.startswith("›")]
    return line[2:].split()[0]


def differing(screen: Screen) -> list[str]:
    """Return the visible migrations that are marked as different."""
    return [line[2:].split()[0] for line in screen.lines() if line[1:2] == "≠" and ".sql" in line]


def rows(screen: Screen) -> list[str]:
    """Return the rows of the matrix."""
    return [line for line in screen.lines() if line[5:].startswith("_make_t")]


@pytest.fixture
def ahead(three_targets: Project) -> Project:
    """Three targets of which `local` has the first migration, and `production` cannot be reached."""
    three_targets.table(1)
    return three_targets


async def test_each_target_is_a_column_and_unknown_is_shown_as_unknown(ahead: Project) -> None:
    async with ahead.open((120, 30)) as screen:
        await apply(screen)
        ahead.table(2)
        await screen.until("make_t2")
        await opened(screen)
        first, second = (row.split() for row in rows(screen)[:2])
        assert first == ["›≠001_make_t1.sql", "✓", "applied", "◦", "pending", "?", "unknown"]
        assert second == ["002_make_t2.sql", "◦", "pending", "◦", "pending", "?", "unknown"]
        assert "≠ 1 row differs between targets" in screen.text()


async def test_cursor_opens_on_the_first_row_that_differs_and_n_goes_on(ahead: Project) -> None:
    async with ahead.open((120, 30)) as screen:
        await apply(screen)
        ahead.write("000_early.sql", "SELECT 1;\n-- Rollback: none: it reads\n")
        for number in (2, 3):
            ahead.table(number)
        await screen.until("make_t3")
        await opened(screen)
        await screen.until(lambda: differing(screen) == ["000_early.sql", "001_make_t1.sql"])
        assert current(screen) == "000_early.sql"
        await screen.press("n")
        assert current(screen) == "001_make_t1.sql"
        await screen.press("n")
        assert "No row below differs between the targets." in screen.bottom()
        await screen.press("G", "N")
        assert current(screen) == "001_make_t1.sql"
        await screen.press("N", "N")
        assert "No row above differs between the targets." in screen.bottom()


async def test_enter_goes_to_the_migration_on_the_target_at_the_cursor(ahead: Project) -> None:
    async with ahead.open((120, 30)) as screen:
        await apply(screen)
        ahead.table(2)
        await screen.until("make_t2")
        await opened(screen)
        await screen.press("l", "j")
        assert "staging  2 pending" in screen.text()
        assert "◦ pending  002_make_t2.sql" in screen.text()
        await screen.press("enter")
        await screen.until(lambda: screen.app.screen is screen.main)
        await screen.until("► staging")
        assert screen.row("make_t2").startswith("›002")


async def test_filter_is_cleared_so_that_the_migration_is_visible(ahead: Project) -> None:
    ahead.table(2)
    async with ahead.open((120, 30)) as screen:
        await screen.press("slash")
        await screen.type("t2")
        await screen.press("enter")
        await opened(screen)
        await screen.press("g", "enter")
        await screen.until(lambda: len(screen.migrations()) == 2)
        assert screen.row("make_t1").startswith("›001")


async def test_hidden_target_is_not_compared(ahead: Project) -> None:
    async with ahead.open((120, 30)) as screen:
        await apply(screen)
        await opened(screen)
        assert differing(screen) == ["001_make_t1.sql"]
        assert screen.bottom().split()[-2:] == ["Esc", "close"]
        assert "X show hidden" not in screen.bottom()
        await screen.press("x")
        await screen.until("hidden: local")
        assert screen.bottom().endswith("X show hidden  Esc close")
        assert differing(screen) == []
        assert "no row differs on targets that were read" in screen.text()
        assert "◦ pending" in rows(screen)[0]
        await screen.press("X")
        await screen.until(lambda: differing(screen) == ["001_make_t1.sql"])
        assert "X show hidden" not in screen.bottom()
        await screen.press("x", "x", "x")
        await screen.until("The last target cannot be hidden.")


async def test_rows_that_are_applied_everywhere_appear_with_o(tmp_path: Path, ahead: Project) -> None:
    one = Project(tmp_path, ahead.targets[0], replace(ahead.targets[0], name="same"))
    async with one.open((120, 30)) as screen:
        await apply(screen)
        await screen.press("R")
        await opened(screen)
        await screen.until("1 is applied everywhere and not listed")
        assert rows(screen) == []
        assert "All migrations are applied. To list them, press o." in screen.text()
        await screen.press("o")
        await screen.until("all rows are shown")
        assert len(rows(screen)) == 1
        await screen.press("o")
        await screen.until(lambda: rows(screen) == [])


async def test_nothing_is_said_of_a_target_that_was_not_read(tmp_path: Path, ahead: Project) -> None:
    same = replace(ahead.targets[0], name="same")
    project = Project(tmp_path, ahead.targets[0], same, ahead.targets[2])
    async with project.open((120, 30)) as screen:
        await apply(screen)
        await screen.press("R")
        await opened(screen)
        await screen.until("1 is applied on those that were read, not listed")
        assert "no row differs on targets that were read" in screen.text()
        assert "✓ no row differs" not in screen.text()
        assert "All migrations are applied on the targets that were read. To list" in screen.text()


async def test_way_out_is_shown_where_not_all_keys_have_room(ahead: Project) -> None:
    async with ahead.open((80, 24), answered=False) as screen:
        await opened(screen)
        assert screen.bottom().endswith("Esc close")
        assert screen.bottom().startswith(" Enter go  n/N difference")


async def test_answer_of_a_target_appears_and_the_cursor_stays(ahead: Project) -> None:
    ahead.table(2)
    async with ahead.open((120, 30)) as screen:
        await opened(screen)
        await screen.press("G")
        assert current(screen) == "002_make_t2.sql"
        with psycopg.connect(ahead.targets[1].dsn, autocommit=True) as connection:
            connection.execute("CREATE SCHEMA koonj; CREATE TABLE koonj.history (id int)")
        await screen.press("R")
        await screen.until("× staging")
        assert rows(screen)[0].count("? unknown") == 2
        assert current(screen) == "002_make_t2.sql"
        await screen.press("l")
        assert "staging  × error" in screen.text()


async def test_reason_of_a_target_that_is_not_reached_is_below_without_its_password(ahead: Project) -> None:
    async with ahead.open((120, 30)) as screen:
        await opened(screen)
        await screen.press("l", "l")
        assert "production PROTECTED  × unreachable" in screen.text()
        assert "refused" in screen.text()
        assert "hunter2" not in screen.text()


async def test_target_with_a_password_command_is_not_read_when_the_screen_opens(
    ahead: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command can ask the user, so only the key R runs it."""
    monkeypatch.setattr(backend, "KEPT_SECONDS", 0.0)
    count = tmp_path / "count"
    command = Password("command", f"echo x >> {count}; echo secret", lifetime=0)
    one = Project(ahead.root, ahead.targets[0], replace(ahead.targets[1], password=command))
    async with one.open((120, 30)) as screen:
        at_start = count.read_text()
        await opened(screen)
        assert count.read_text() == at_start
        await screen.press("R")
        await screen.until(lambda: count.read_text() != at_start)
        await all_read(screen)


async def test_one_target_has_no_matrix(tables: Project) -> None:
    async with tables.open() as screen:
        await screen.press("T")
        assert "There is only one target." in screen.bottom()


@pytest.mark.parametrize("key", ["escape", "q", "T", "ctrl+q"])
async def test_screen_closes(ahead: Project, key: str) -> None:
    async with ahead.open((120, 30)) as screen:
        await opened(screen)
        await screen.press(key)
        await screen.until(lambda: screen.app.screen is screen.main)
        assert screen.app.is_running


async def test_columns_that_do_not_fit_scroll_with_the_cursor(ahead: Project) -> None:
    several = Project(ahead.root, *(replace(ahead.targets[0], name=f"target_{n:02}") for n in range(12)))
    async with several.open((80, 24)) as screen:
        await opened(screen)
        assert "target_00 target_01" in screen.text()
        assert "target_11" not in screen.text()
        assert "›" in next(line for line in screen.lines() if "target_00" in line)
        await screen.press(*["l"] * 11)
        assert "target_11" in screen.text()
        assert "target_00" not in screen.text()


@pytest.mark.parametrize(("width", "cells"), [(100, 17), (99, 13)])
def test_words_are_whole_if_the_longest_name_leaves_room(width: int, cells: int) -> None:
    found = matrix_columns(width, ["local", "staging", "production"], current=0, longest=44)
    assert found.with_words
    assert found.widths == (cells,) * 3


def test_command_applies_to_exactly_these_targets() -> None:
    names = ("t[1]*", "t,1", "t1", "t11", "t", "1", "t]1")
    targets = [Target(name, "host=x", declared=True) for name in names]
    for one in range(len(names)):
        chosen = targets[one : one + 2]
        args = parse(command(["apply"], chosen, Path("/m"))[len(PROGRAM) :])
        assert list(chosen_targets(targets, args.targets)) == chosen


async def test_only_targets_of_koonj_toml_are_applied_to_together(ahead: Project) -> None:
    async with ahead.open((120, 30)) as screen:
        await opened(screen)
        await screen.press("a")
        await screen.until("koonj.toml declares none of these targets. Go to one, and run there.")


async def test_koonj_says_so_if_it_cannot_leave_its_screen(tmp_path: Path) -> None:
    two = (Target(name, "host=/nowhere", declared=True) for name in ("local", "staging"))
    project = Project(tmp_path, *two)
    project.table(1)
    async with project.open((120, 30)) as screen:
        await opened(screen)
        await screen.press("a")
        await screen.until("koonj cannot leave its screen here.")
