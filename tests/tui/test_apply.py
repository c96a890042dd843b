"""Apply and roll back: plan, confirmation by an intended key, run and result."""

from __future__ import annotations

import asyncio
from time import monotonic

import psycopg
import pytest
from textual.events import Key

from koonj.tui.screens.dialog import Dialog
from koonj.tui.toolkit.key_presses import REPEAT_PAUSE
from support.screen import Project, Screen


async def hold(screen: Screen, key: str, seconds: float) -> None:
    """Hold a key down: after 0.25 s it repeats 30 times a second, however late the screen gets it."""
    when = monotonic()
    for pause in (0.25, *[1 / 30] * int(seconds * 30)):
        event = Key(key, key)
        event.time = when
        screen.app.post_message(event)
        await asyncio.sleep(pause)
        when += pause
    await screen.pilot.pause()


async def test_apply_next_applies_the_first_pending_migration(project: Project, database: str) -> None:
    project.table(1)
    project.table(2)
    async with project.open() as screen:
        await screen.press("a")
        await screen.expect_dialog(
            "Apply 1 migration to local?",
            "▌ local    PostgreSQL",
            "migrations  1  in one transaction",
            "statements  1",
            "001_make_t1.sql",
            "create table t1",
        )
        await screen.yes()
        await screen.expect_run("done")
        assert "applied 001_make_t1.sql" in screen.run()
        assert "✓ applied" in screen.row("make_t1")
        assert "◦ pending" in screen.row("make_t2")
        assert "1 applied  1 pending" in screen.top()
    assert tables(database) == ["t1"]


async def test_apply_all_applies_all_and_roll_back_reverts_the_last(project: Project, database: str) -> None:
    for number in (1, 2, 3):
        project.table(number)
    async with project.open() as screen:
        await screen.press("A")
        await screen.expect_dialog("Apply 3 migrations to local?", "003_make_t3.sql")
        await screen.yes()
        await screen.expect_run("done")
        assert "3 applied  nothing pending" in screen.top()
        await screen.press("r")
        await screen.expect_dialog("Roll back 1 migration on local?", "drop table t3")
        await screen.yes()
        await screen.expect_run("rolled back 003")
        assert "◦ pending" in screen.row("make_t3")
    assert tables(database) == ["t1", "t2"]


@pytest.mark.parametrize("key", ["n", "escape"])
async def test_cancelled_confirmation_changes_nothing(project: Project, database: str, key: str) -> None:
    project.table(1)
    async with project.open() as screen:
        await screen.press("a")
        await screen.expect_dialog()
        await screen.press(key)
        await screen.expect_run("not confirmed")
        assert "◦ pending" in screen.row("make_t1")
    assert tables(database) == []


async def test_enter_and_keys_that_start_a_run_do_not_confirm(project: Project, database: str) -> None:
    project.table(1)
    async with project.open() as screen:
        await screen.press("a")
        await screen.expect_dialog()
        await screen.press("enter", "space", "a", "A", "r", "Y", "tab", "enter")
        assert isinstance(screen.app.screen, Dialog)
        await screen.press("n")
        await screen.expect_run("not confirmed")
    assert tables(database) == []


async def test_y_does_not_confirm_when_typed_ahead(project: Project, database: str) -> None:
    project.table(1)
    async with project.open() as screen:
        await screen.press("a", "y", "y")
        await screen.until(lambda: isinstance(screen.app.screen, Dialog))
        await screen.press("y")
        await screen.until("Press y again to confirm")
        assert tables(database) == []
        await screen.press("n")
        await screen.expect_run("not confirmed")


async def test_y_does_not_confirm_when_held_down(project: Project, database: str) -> None:
    project.table(1)
    async with project.open() as screen:
        await screen.press("a")
        await hold(screen, "y", 1.0)
        assert isinstance(screen.app.screen, Dialog)
        assert tables(database) == []
        await asyncio.sleep(REPEAT_PAUSE)
        await screen.press("y")
        await screen.expect_run("done")
    assert tables(database) == ["t1"]


async def test_protected_target_requires_its_whole_name(protected: Project, database: str) -> None:
    protected.table(1)
    async with protected.open() as screen:
        assert "► production PROTECTED" in screen.top()
        await screen.press("a")
        await screen.expect_dialog("production    PROTECTED")
        await screen.type("y")
        await screen.press("enter")
        await screen.until("The name does not match.")
        await screen.press("backspace")
        await screen.type("productio")
        await screen.press("enter")
        assert tables(database) == []
        await screen.type("n")
        await screen.press("enter")
        await screen.expect_run("done")
    assert tables(database) == ["t1"]


async def test_plan_shows_statements_outside_a_transaction(project: Project) -> None:
    project.table(1)
    project.write(
        "002_index.sql", "CREATE INDEX CONCURRENTLY i ON t1 (id);\n-- Rollback:\n-- DROP INDEX i;\n"
    )
    async with project.open() as screen:
        await screen.press("A")
        await screen.expect_dialog("1 in one transaction, 1 outside a transaction", "(outside a transaction)")
        await screen.yes()
        await screen.expect_run("done")
        assert "1 of 1 CREATE INDEX" in screen.run()


async def test_run_pane_shows_notices(project: Project) -> None:
    project.write(
        "001_say.sql", "DO $$ BEGIN RAISE NOTICE 'hello [red]'; END $$;\n-- Rollback: none: it says\n"
    )
    async with project.open() as screen:
        await screen.press("a")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("done")
        assert "NOTICE: hello [red]" in screen.run()


async def test_conflict_is_shown_and_allowed_with_a_reason(project: Project, database: str) -> None:
    project.table(2)
    async with project.open() as screen:
        await screen.press("a")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("done")
        project.table(1)
        await screen.until("◂ late")
        await screen.until(lambda: screen.main.snapshot.check.since is None)
        await screen.press("a")
        await screen.expect_dialog("A conflict stops the apply", "001_make_t1.sql", "late")
        await screen.press("enter")
        await screen.until("Enter a reason, or press Esc")
        await screen.type("hotfix")
        await screen.press("enter")
        await screen.until("Apply 1 migration to local?")
        await screen.expect_dialog("allowed (recorded in the history):", "   ◂ 001  late  hotfix")
        await screen.yes()
        await screen.expect_run("done")
        assert "late allowed: hotfix" in screen.run()
    assert tables(database) == ["t1", "t2"]


def tables(dsn: str) -> list[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        ).fetchall()
    return [name for (name,) in rows]
