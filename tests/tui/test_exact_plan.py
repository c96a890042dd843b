"""The key of a plan that asks the target for all rows of a large table."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from koonj.config.screen_settings import KeySetting
from koonj.runner.preflight import ask as asking
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Question, QuestionKind
from koonj.runner.run.planned import Plan, PlannedMigration, PlannedStatement
from koonj.runner.run.request import Request
from koonj.runner.run.row_check import Preflight, QuickLimit, RowCheck, RowOutcome
from koonj.sql.transactions import Mode
from koonj.tui.commands.dialogs import DIALOGS
from koonj.tui.commands.editor import EDITING
from koonj.tui.commands.main_screen import MAIN
from koonj.tui.commands.rebinding import rebind
from koonj.tui.render.decision_lines import no_reason
from koonj.tui.screens.confirm_dialog import ConfirmDialog, Instead, changed
from koonj.tui.toolkit.key_presses import REPEAT_PAUSE
from support.owner_migrations import OWNER_IS_OPTIONAL, OWNER_IS_REQUIRED
from support.plan_dialog import expect_plan, plan_again
from support.screen import Project, Screen, apply

_FAILS = "1 row of public.documents has owner_id NULL, for example id 7"


@pytest.fixture
def large(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose plans are rehearsed. Every table is larger than a quick question reads; it sees no row."""
    monkeypatch.setattr(asking, "SMALL", 1)
    monkeypatch.setattr(asking, "SAMPLE", 1e-9)
    project.targets = tuple(replace(one, require_verified=True) for one in project.targets)
    project.write("001_base.sql", OWNER_IS_OPTIONAL)
    return project


async def _fill(project: Project, screen: Screen) -> None:
    """Apply the first migration, fill its table, and write one that refuses a row of it."""
    await apply(screen, "a")
    with psycopg.connect(project.targets[0].dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO documents SELECT n, CASE WHEN n <> 7 THEN n END FROM generate_series(1, 50) AS n"
        )
    project.write("002_strict.sql", OWNER_IS_REQUIRED)
    await screen.until(lambda: screen.main.snapshot.check.counts.pending == 1)
    screen.later(REPEAT_PAUSE)


async def test_e_asks_for_all_rows_and_finds_the_one_that_fails(large: Project) -> None:
    async with large.open((120, 40)) as screen:
        await _fill(large, screen)
        await screen.press("a")
        await expect_plan(screen, "not known whether rows of public.documents", "to read all, press e")
        assert "e ask exactly" in screen.text()
        exact = await plan_again(screen, "e", f"will fail: {_FAILS}")
        assert "ask exactly" not in screen.text()
        await screen.press("e", "f9")
        assert screen.app.screen is exact
        await screen.press("escape")
        await screen.expect_run("not confirmed")


def _limited(limit: QuickLimit | None, *, protected: bool) -> tuple[Plan, Question]:
    """Return a plan with an answer that is not known, and its question."""
    check = RowCheck(
        1, 4, "not_null", "public.documents", RowOutcome.NOT_KNOWN, "not known: no time", limit=limit
    )
    statement = PlannedStatement(1, 4, "alter table documents", True, ())
    migration = PlannedMigration(
        "016_x.sql",
        Direction.APPLY,
        True,
        Mode.ONE_TRANSACTION,
        "one transaction",
        (statement,),
        verdict="verified",
        row_checks=(check,),
    )
    plan = Plan("local", Direction.APPLY, protected, "PostgreSQL 18.6", (migration,))
    kind = QuestionKind.TYPED if protected else QuestionKind.YES
    return plan, Question("1", kind, "Apply 1 migration to local?", "local" if protected else "y")


async def test_key_is_the_current_one_and_none_that_types_text(project: Project) -> None:
    keymap = rebind([KeySetting("exact-plan", ("x", "f7"), "koonj.toml:2")], MAIN, EDITING, DIALOGS)
    async with project.open((120, 40), keymap=keymap) as screen:
        for protected, key in ((False, "x"), (True, "F7")):
            dialog = ConfirmDialog(*_limited(QuickLimit.TIME, protected=protected), "", no_reason)
            screen.app.push_screen(dialog)
            await expect_plan(screen, f"not known: no time; with more time, press {key}")
            assert f"{key} ask exactly" in screen.text()
            await screen.press("e", "f9")
            assert screen.app.screen is dialog
            screen.later(REPEAT_PAUSE)
            await screen.press(key.lower())
            await screen.until(lambda shown=dialog: screen.app.screen is not shown)  # type: ignore[misc]
            assert dialog.instead is Instead.EXACT


async def test_key_is_not_offered_if_it_would_answer_no_more(project: Project) -> None:
    async with project.open((120, 40)) as screen:
        dialog = ConfirmDialog(*_limited(None, protected=False), "", no_reason)
        screen.app.push_screen(dialog)
        await expect_plan(screen, "not known: no time")
        assert "press e" not in screen.text()
        assert "ask exactly" not in screen.text()
        await screen.press("e", "f9")
        assert screen.app.screen is dialog


@pytest.mark.parametrize("instead", [Instead.BATCH, Instead.SINGLY, Instead.PROBE])
def test_exact_answer_stays_with_the_next_plan(instead: Instead) -> None:
    exact = changed(Request(Direction.APPLY, probe=False, batch=True), Instead.EXACT)
    assert (exact.preflight, exact.batch) == (Preflight.EXACT, True)
    assert changed(exact, instead).preflight is Preflight.EXACT
