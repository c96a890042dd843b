"""The key of a plan that puts all migrations into one transaction, to the end of the run."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import psycopg
import pytest

from koonj.config import ConfigError
from koonj.config.screen_settings import KeySetting
from koonj.tui.commands.dialogs import DIALOGS
from koonj.tui.commands.editor import EDITING
from koonj.tui.commands.main_screen import MAIN
from koonj.tui.commands.rebinding import rebind
from koonj.tui.screens.confirm_dialog import ConfirmDialog
from koonj.tui.toolkit.key_presses import REPEAT_PAUSE
from support.plan_dialog import expect_plan, plan_again
from support.screen import Project, apply
from tui.test_allow import two_late

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


@pytest.mark.parametrize("moves", [True, False])
async def test_b_plans_one_transaction_and_the_run_has_one(tables: Project, moves: bool) -> None:
    async with tables.open(moves_runs=moves) as screen:
        await screen.press("A")
        await expect_plan(screen, "migrations  3  each in one transaction")
        title = "Apply 3 migrations to local in one transaction?"
        await plan_again(
            screen, "b", title, "migrations  3  in one transaction: all of them, or none", "in the batch"
        )
        await screen.press("y")
        await screen.expect_run("done")
    assert transactions(tables) == 1


async def test_b_again_gives_each_its_own_transaction(tables: Project) -> None:
    async with tables.open() as screen:
        await screen.press("A")
        await expect_plan(screen)
        await plan_again(screen, "b", "in one transaction?")
        assert "one by one" in screen.text()
        await plan_again(screen, "b", "each in one transaction")
        await screen.press("y")
        await screen.expect_run("done")
    assert transactions(tables) == 3


async def test_plan_says_which_migration_cannot_be_in_it(tables: Project) -> None:
    tables.write("004_index.sql", OUTSIDE)
    async with tables.open() as screen:
        await screen.press("A")
        dialog = await expect_plan(screen)
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
        await expect_plan(screen)
        await plan_again(
            screen,
            "b",
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
        dialog = await expect_plan(screen)
        assert "batch" not in screen.text()
        await screen.press("b")
        await screen.press("escape")
        assert dialog.instead is None
        await screen.expect_run("not confirmed")


async def test_a_letter_must_be_meant_and_a_function_key_need_not(tables: Project) -> None:
    async with tables.open() as screen:
        await screen.press("A")
        dialog = await expect_plan(screen)
        asked: list[str] = []
        dialog.decide = lambda event, *_: asked.append(event.key)  # type: ignore[method-assign]
        await screen.press("b", "p")
        assert asked == ["b", "p"]
        assert dialog.instead is None
        await plan_again(screen, "f6", "in one transaction?")
        await screen.press("escape")
        await screen.expect_run("not confirmed")


async def test_protected_target_takes_only_keys_that_type_nothing(protected: Project) -> None:
    protected.table(1)
    protected.table(2)
    async with protected.open() as screen:
        await screen.press("A")
        first = await expect_plan(screen)
        await screen.press("b", "p")
        assert first.instead is None
        assert "F5 probe" in screen.text()
        await plan_again(screen, "f6", "to production in one transaction?")
        await screen.press("y", "enter")
        assert isinstance(screen.app.screen, ConfirmDialog)
        await screen.press("backspace")
        await screen.type("production")
        await screen.press("enter")
        await screen.expect_run("done")
    assert transactions(protected) == 1


async def test_keys_of_the_plan_can_be_changed(tables: Project) -> None:
    settings = [
        KeySetting("batch-plan", ("z",), "koonj.toml:2"),
        KeySetting("probe-plan", (), "koonj.toml:3"),
    ]
    keymap = rebind(settings, MAIN, EDITING, DIALOGS)
    async with tables.open(keymap=keymap) as screen:
        await screen.press("A")
        first = await expect_plan(screen)
        assert "z batch" in screen.text()
        assert "probe" not in screen.bottom()
        await screen.press("b", "p", "f5")
        assert screen.app.screen is first
        screen.later(REPEAT_PAUSE)
        await plan_again(screen, "z", "in one transaction?")
        await screen.press("escape")
        await screen.expect_run("not confirmed")


@pytest.mark.parametrize("key", ["y", "n", "escape", "enter", "ctrl+c", "w", "l", "space"])
@pytest.mark.parametrize("name", ["batch-plan", "probe-plan", "exact-plan", "same-reason"])
def test_a_key_that_answers_is_no_key_of_a_dialog(name: str, key: str) -> None:
    with pytest.raises(ConfigError, match="is an answer"):
        rebind([KeySetting(name, (key,), "koonj.toml:2")], MAIN, EDITING, DIALOGS)


@pytest.mark.parametrize(("name", "key"), [("batch-plan", "j"), ("batch-plan", "p"), ("down", "b")])
def test_a_key_has_one_meaning_in_a_dialog(name: str, key: str) -> None:
    with pytest.raises(ConfigError, match="is the key of both"):
        rebind([KeySetting(name, (key,), "koonj.toml:2")], MAIN, EDITING, DIALOGS)


async def test_key_of_the_same_reason_can_be_changed(project: Project) -> None:
    project.table(9)
    keymap = rebind([KeySetting("same-reason", ("f7",), "koonj.toml:2")], MAIN, EDITING, DIALOGS)
    async with project.open(keymap=keymap) as screen:
        dialog = await two_late(project, screen)
        await screen.expect_dialog("Conflict 1 of 3")
        await screen.type("one")
        await screen.press("enter")
        await screen.expect_dialog("Conflict 2 of 3", "F7 gives the same reason again: one")
        assert "F7 same reason" in screen.text()
        await screen.press("f2")
        assert [*dialog.reasons] == ["one"]
        await screen.press("f7")
        await screen.until(lambda: len(dialog.reasons) == 2)
        await screen.press("escape")


async def test_quitting_plans_nothing_again(tables: Project) -> None:
    async with tables.open() as screen:
        await screen.press("A")
        dialog = await expect_plan(screen)
        screen.main.control.quit_after_run(cancel=False)
        screen.main.control.plan_again(partial(replace, batch=True))
        started: list[object] = []
        screen.main.control.start = started.append  # type: ignore[method-assign, assignment]
        dialog.dismiss(None)
        await screen.until(lambda: not screen.main.control.running)
        assert started == []


async def test_another_conflict_of_a_batch_stays(tables: Project) -> None:
    """Only what a batch refuses is planned again without one."""
    tables.write("004_serializable.sql", SERIALIZABLE)
    async with tables.open() as screen:
        await screen.press("A")
        first = await expect_plan(screen)
        (tables.migrations / "002_make_t2.sql").write_text("SELECT ';\n")
        await screen.press("b")
        await screen.until(lambda: screen.app.screen is not first)
        await screen.expect_run("refused")
        assert "004_serializable.sql" in screen.run()
        assert not screen.main.control.running


async def test_plan_of_a_probe_and_of_a_rollback_offers_no_batch(tables: Project) -> None:
    async with tables.open() as screen:
        await screen.press("A")
        await expect_plan(screen)
        probe = await plan_again(screen, "p", "Probe 3 migrations on local and roll everything back?")
        await screen.press("b", "p", "f5", "f6")
        assert probe.instead is None
        assert "batch" not in screen.text()
        screen.later(REPEAT_PAUSE)
        await screen.press("y")
        await screen.expect_run("probed")
        await apply(screen)
        screen.later(REPEAT_PAUSE)
        await screen.press("Z")
        back = await expect_plan(screen, "Roll back 3 migrations on local?")
        await screen.press("b", "f6")
        assert back.instead is None
        assert "batch" not in screen.text()
        await screen.press("escape")
        await screen.expect_run("not confirmed")
