"""The key of a plan that puts all migrations into one transaction, to the end of the run."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from koonj.config.screen_settings import KeySetting
from koonj.tui.commands.dialogs import DIALOGS
from koonj.tui.commands.editor import EDITING
from koonj.tui.commands.main_screen import MAIN
from koonj.tui.commands.rebinding import rebind
from koonj.tui.screens.confirm_dialog import ConfirmDialog
from koonj.tui.toolkit.key_presses import REPEAT_PAUSE
from support.screen import Project, Screen

OUTSIDE = "CREATE INDEX CONCURRENTLY i ON t1 (id);\n\n-- Rollback:\n-- DROP INDEX CONCURRENTLY i;\n"
SERIALIZABLE = "BEGIN ISOLATION LEVEL SERIALIZABLE;\nSELECT 1;\nCOMMIT;\n\n-- Rollback:\n-- SELECT 1;\n"


@pytest.fixture(autouse=True)
def _own_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("TMPDIR", str(home))


def transactions(project: Project) -> int:
    """Return in how many transactions the entries of the history were written."""
    with psycopg.connect(project.targets[0].dsn, autocommit=True) as conn:
        (found,) = conn.execute("SELECT count(DISTINCT xmin::text) FROM koonj.history").fetchone() or (0,)
    return int(found)


async def plan(screen: Screen, *parts: str) -> ConfirmDialog:
    """Wait for a plan with these texts that accepts keys."""
    await screen.until(lambda: isinstance(screen.app.screen, ConfirmDialog))
    await screen.expect_dialog(*parts)
    screen.later(REPEAT_PAUSE)
    dialog = screen.app.screen
    assert isinstance(dialog, ConfirmDialog)
    return dialog


@pytest.mark.parametrize("moves", [True, False])
async def test_b_plans_one_transaction_and_the_run_has_one(tables: Project, moves: bool) -> None:
    async with tables.open(moves_runs=moves) as screen:
        await screen.press("A")
        first = await plan(screen, "migrations  3  each in one transaction")
        await screen.press("b")
        await screen.until(lambda: screen.app.screen is not first)
        title = "Apply 3 migrations to local in one transaction?"
        await plan(screen, title, "migrations  3  in one transaction: all of them, or none", "in the batch")
        await screen.press("y")
        await screen.expect_run("done")
    assert transactions(tables) == 1


async def test_b_again_gives_each_its_own_transaction(tables: Project) -> None:
    async with tables.open() as screen:
        await screen.press("A")
        first = await plan(screen)
        await screen.press("b")
        await screen.until(lambda: screen.app.screen is not first)
        second = await plan(screen, "in one transaction?")
        assert "one by one" in screen.text()
        await screen.press("b")
        await screen.until(lambda: screen.app.screen is not second)
        await plan(screen, "each in one transaction")
        await screen.press("y")
        await screen.expect_run("done")
    assert transactions(tables) == 3


async def test_plan_says_which_migration_cannot_be_in_it(tables: Project) -> None:
    tables.write("004_index.sql", OUTSIDE)
    async with tables.open() as screen:
        await screen.press("A")
        dialog = await plan(screen)
        await screen.press("b")
        await screen.until("004_index.sql cannot be in one transaction with others")
        assert screen.app.screen is dialog
        assert dialog.instead is None
        await screen.press("escape")
        await screen.expect_run("not confirmed")


async def test_plan_comes_again_with_the_reason_if_only_the_run_knows_it(tables: Project) -> None:
    tables.write("004_serializable.sql", SERIALIZABLE)
    async with tables.open() as screen:
        await screen.press("A")
        first = await plan(screen)
        await screen.press("b")
        await screen.until(lambda: screen.app.screen is not first)
        await plan(
            screen,
            "4  each in one transaction",
            "batch       ! 004_serializable.sql cannot be in a batch: its BEGIN sets",
        )
        await screen.press("y")
        await screen.expect_run("done")
    assert transactions(tables) == 4


async def test_key_is_not_offered_where_nothing_can_be_put_together(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await screen.press("a")
        dialog = await plan(screen)
        assert "batch" not in screen.text()
        await screen.press("b")
        await screen.press("escape")
        assert dialog.instead is None
        await screen.expect_run("not confirmed")


async def test_b_that_is_held_down_does_nothing(tables: Project) -> None:
    async with tables.open() as screen:
        await screen.press("A")
        dialog = await plan(screen)
        await screen.hold("b", 4)
        await screen.until("Ignored: key pressed too early or held down. Press b again to batch.")
        assert dialog.instead is None
        await screen.press("escape")
        await screen.expect_run("not confirmed")


async def test_protected_target_takes_only_keys_that_type_nothing(protected: Project) -> None:
    protected.table(1)
    protected.table(2)
    async with protected.open() as screen:
        await screen.press("A")
        first = await plan(screen)
        await screen.press("b", "p")
        assert first.instead is None
        assert "F5 probe" in screen.text()
        await screen.press("f6")
        await screen.until(lambda: screen.app.screen is not first)
        await plan(screen, "to production in one transaction?")
        await screen.press("y", "enter")
        assert isinstance(screen.app.screen, ConfirmDialog)
        await screen.press("backspace")
        await screen.type("production")
        await screen.press("enter")
        await screen.expect_run("done")
    assert transactions(protected) == 1


async def test_keys_of_the_plan_can_be_changed(tables: Project) -> None:
    settings = [
        KeySetting("batch-plan", ("t",), "koonj.toml:2"),
        KeySetting("probe-plan", (), "koonj.toml:3"),
    ]
    keymap = rebind(settings, MAIN, EDITING, DIALOGS)
    async with tables.open(keymap=keymap) as screen:
        await screen.press("A")
        first = await plan(screen)
        assert "t batch" in screen.text()
        assert "probe" not in screen.bottom()
        await screen.press("b", "p", "f5")
        assert screen.app.screen is first
        screen.later(REPEAT_PAUSE)
        await screen.press("t")
        await screen.until(lambda: screen.app.screen is not first)
        await plan(screen, "in one transaction?")
        await screen.press("escape")
        await screen.expect_run("not confirmed")
