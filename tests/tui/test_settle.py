"""An interrupted migration on the screen: what is known of it, the choices, and what each of them does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from koonj.migrations.folder import FolderReader
from koonj.postgres.advisory_lock import KEY
from koonj.postgres.connector import Connector
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import RunResult
from koonj.runner.run.request import Extent, Request
from koonj.runner.start import start
from koonj.tui.screens.confirmation import Confirmation
from koonj.tui.screens.settle_confirmation import DoneReasonDialog, SettleConfirmation
from koonj.tui.screens.settle_dialog import SettleDialog
from koonj.tui.toolkit.capabilities import Terminal
from koonj.tui.workers.past_runs import runs_of
from support import project as runner_project
from support.interruption import interrupt
from support.project import collect_events, run_finished
from support.screen import Golden, Project, Screen, apply

NAME = "017_fill.sql"
FILL = "CALL fill(\n    1000,\n    'all');"
SIZES = [(80, 24), (120, 36)]
Steps = Callable[[Screen], Awaitable[None]]


def sql(project: Project, text: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(project.targets[0].dsn, autocommit=True) as conn:
        cursor = conn.execute(text.encode())
        return cursor.fetchall() if cursor.description is not None else []


async def interrupted_at(project: Project, statement: str, *, rollback: str = "none: test") -> None:
    """Apply a migration of three statements, and let the history look as if statement 2 was sent last."""
    rollback = f"-- Rollback: {rollback}" if rollback.startswith("none") else f"-- Rollback:\n-- {rollback}"
    project.write(NAME, f"-- Fill the table.\nCREATE TABLE b ();\n{statement}\nVACUUM b;\n\n{rollback}\n")
    request = Request(Direction.APPLY, Extent.ALL, assume_yes=True)
    async with Connector() as connector:
        run = start(connector, project.targets[0], FolderReader(project.migrations), request)
        answer = project.targets[0].name if project.targets[0].protected else None
        end = run_finished(await collect_events(run, answer))
    assert end.result is RunResult.DONE, end
    sql(
        project,
        f"UPDATE koonj.history SET outcome = 'started', statements_done = 1, finished = NULL WHERE name = '{NAME}'",
    )
    sql(project, "DELETE FROM koonj.statement WHERE index = 3; UPDATE koonj.statement SET state = 'sent'")


async def call_interrupted(project: Project, *, rollback: str = "none: test") -> Project:
    """A migration that was interrupted in a CALL that commits in parts, and cannot run to its end now."""
    sql(
        project,
        "CREATE PROCEDURE fill(int, text) LANGUAGE plpgsql AS "
        "'BEGIN COMMIT; END'; CREATE TABLE IF NOT EXISTS a (x int)",
    )
    await interrupted_at(project, FILL, rollback=rollback)
    return project


async def index_interrupted(project: Project, *, is_own: bool) -> Project:
    """A migration that was interrupted at an index; it is INVALID, left by the statement or by another one."""
    sql(project, "CREATE TABLE a (x int)")
    await interrupted_at(project, "CREATE INDEX CONCURRENTLY a_x ON a (x);")
    sql(project, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'a_x'::regclass")
    if not is_own:
        there = "jsonb_set(before, '{indexes}', to_jsonb(ARRAY['a_x'::regclass::oid::int8]))"
        sql(project, f"UPDATE koonj.statement SET before = {there} WHERE index = 2")
    return project


async def settle(screen: Screen) -> str:
    """Press s, and return the text of the dialog."""
    await screen.press("s")
    text = await screen.expect_dialog()
    assert isinstance(screen.app.screen, SettleDialog)
    return text


def paragraph(text: str) -> str:
    """Return the text without its line breaks."""
    return " ".join(text.split())


def decisions(project: Project) -> list[str]:
    return [row[0] for row in sql(project, "SELECT reason FROM koonj.history WHERE action = 'allow'")]


# What is shown


async def test_dialog_shows_the_statement_what_is_known_and_the_choices(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root)
    await call_interrupted(project)
    async with project.open((100, 40)) as screen:
        text = await settle(screen)
        lines = text.splitlines()
        assert lines[0] == "017_fill.sql was interrupted on local"
        assert lines[1] == " database/migrations/017_fill.sql:3  statement 2 of 3 of the body"
        assert lines[2] == "   CALL fill(  … 2 more lines"
        assert lines[3].startswith(" apply started ")
        words = paragraph(text)
        assert (
            "At least 1 of 3 statements are committed. Statement 2 was sent, its session has ended, and its end "
            "is not recorded. It commits in parts: some can be committed." in words
        )
        assert (
            "1 Run statement 2 again Right if it continues where it stopped. The next apply runs it. "
            "2 Continue after statement 2 Right if you know that it is done. koonj asks for a reason. The next "
            "apply continues with statement 3." in words
        )
        assert "koonj settle" not in text
        assert "1-2 choose  Esc close" in screen.text()


async def test_first_line_of_the_statement_has_the_colours_of_sql(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root)
    await call_interrupted(project)
    async with project.open((100, 40)) as screen:
        await settle(screen)
        line = screen.app.screen.query_one("#box Pane").render_line(2)
        assert any(s.text == "CALL" and s.style and s.style.bold for s in line)


async def test_text_of_the_history_is_shown_if_the_file_has_changed(project: Project) -> None:
    await call_interrupted(project)
    project.write(NAME, "SELECT 1;\nSELECT 2;\n-- Rollback: none: test\n")
    async with project.open((100, 40)) as screen:
        text = await settle(screen)
        assert "017_fill.sql (from koonj.history):3" in text
        assert "CALL fill(" in text


async def test_a_migration_that_was_not_interrupted_has_nothing_to_settle(tables: Project) -> None:
    async with tables.open((100, 30)) as screen:
        await screen.press("s")
        assert "001_make_t1.sql is pending: there is nothing to settle." in screen.bottom()
        assert "settle" not in screen.pane("1")[0]
        await screen.press("j")
        assert "s settle" not in screen.bottom()


async def test_the_key_is_in_the_footer_of_an_interrupted_migration(project: Project) -> None:
    await call_interrupted(project)
    async with project.open((80, 24)) as screen:
        assert "s settle" in screen.bottom()


async def test_migration_that_ended_meanwhile_is_read_again(project: Project) -> None:
    await call_interrupted(project)
    async with project.open((100, 30)) as screen:
        sql(project, "UPDATE koonj.history SET outcome = 'done', statements_done = 3, finished = now()")
        await screen.press("s")
        await screen.until("017_fill.sql is applied on local: there is nothing to settle.")
        await screen.until("✓ applied")


async def test_lost_target_is_a_message(project: Project) -> None:
    await call_interrupted(project)
    async with project.open((100, 30)) as screen:
        sql(project, "DROP TABLE koonj.statement; ALTER TABLE koonj.history RENAME TO gone")
        await screen.press("s")
        await screen.until(lambda: NAME in screen.bottom())
        assert screen.app.screen is screen.main


async def test_running_migration_is_shown_without_choices(project: Project) -> None:
    await call_interrupted(project)
    with psycopg.connect(project.targets[0].dsn, autocommit=True) as conn:
        at_work = conn.execute("SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()")
        pid, begun = at_work.fetchone() or (0, None)
        conn.execute("SELECT pg_advisory_lock(%s)", (KEY,))
        conn.execute("UPDATE koonj.statement SET backend_pid = %s, backend_start = %s", (pid, begun))
        async with project.open((100, 40)) as screen:
            assert "▸ running" in screen.row("fill")
            text = paragraph(await settle(screen))
            assert "017_fill.sql is running on local" in text
            assert f"Statement 2 of 3 is at work on the server (pid {pid})." in text
            assert "To read the target again, press R." in text
            await screen.press("1")
            assert isinstance(screen.app.screen, SettleDialog)
            await screen.press("escape")


# The choices


async def test_statement_that_runs_again_is_confirmed_and_recorded(project: Project) -> None:
    await call_interrupted(project)
    async with project.open((100, 40)) as screen:
        await settle(screen)
        await screen.press("1")
        text = paragraph(await screen.expect_dialog("Run statement 2 again?"))
        assert "local PostgreSQL" in text
        assert "runs now nothing then The next apply continues with statement 2." in text
        await screen.yes()
        await screen.expect_run("Recorded. The next apply continues with statement 2.")
        await screen.until("✗ failed")
        assert "017_fill.sql: 1 of 3 statements are done. Reason: statement 2 runs again" in paragraph(
            screen.run()
        )
    assert len(decisions(project)) == 1


async def test_statement_that_is_done_requires_a_reason(project: Project) -> None:
    await call_interrupted(project)
    async with project.open((100, 40)) as screen:
        await settle(screen)
        await screen.press("2")
        text = paragraph(await screen.expect_dialog("Continue after statement 2"))
        assert "How do you know that it is?" in text
        await screen.press("enter")
        assert "Enter a reason" in screen.bottom() or "Enter a reason" in screen.text()
        assert isinstance(screen.app.screen, DoneReasonDialog)
        await screen.type("filled by hand")
        await screen.press("enter")
        text = paragraph(await screen.expect_dialog("Continue after statement 2?"))
        assert "reason filled by hand" in text
        await screen.pilot.pause()
        screen.later(2.0)
        await screen.yes()
        await screen.expect_run("Recorded. The next apply continues with statement 3.")
    assert "filled by hand" in decisions(project)[0]
    assert sql(project, "SELECT outcome, statements_done FROM koonj.history WHERE action = 'apply'") == [
        ("failed", 2)
    ]


async def test_index_of_another_statement_is_dropped_only_after_confirmation(project: Project) -> None:
    await index_interrupted(project, is_own=False)
    async with project.open((100, 40)) as screen:
        text = paragraph(await settle(screen))
        assert "The index public.a_x is there and INVALID" in text
        assert (
            "1 Repair Removes what statement 2 left, so that it can run again. koonj runs now: DROP INDEX "
            "CONCURRENTLY public.a_x" in text
        )
        await screen.press("1")
        text = paragraph(await screen.expect_dialog("Repair?"))
        assert (
            "runs now DROP INDEX CONCURRENTLY public.a_x then The next apply continues with statement 2."
            in text
        )
        assert sql(project, "SELECT to_regclass('a_x') IS NULL") == [(False,)]
        await screen.yes()
        await screen.expect_run("Recorded. The next apply continues with statement 2.")
        assert sql(project, "SELECT to_regclass('a_x') IS NULL") == [(True,)]
        await screen.press("escape", "1", "a")
        await screen.expect_dialog("Apply 1 migration to local?")
        await screen.yes()
        await screen.expect_run("done")
        await screen.until("✓ applied")


async def test_migration_that_continues_by_itself_can_be_continued(project: Project) -> None:
    await index_interrupted(project, is_own=True)
    async with project.open((100, 40)) as screen:
        text = paragraph(await settle(screen))
        assert (
            "1 Continue the apply koonj runs DROP INDEX CONCURRENTLY public.a_x, and then runs statement 2 again. "
            "koonj shows its plan first. 2 Only repair" in text
        )
        await screen.press("1")
        await screen.expect_dialog("Apply 1 migration to local?")
        await screen.yes()
        await screen.expect_run("done")
        await screen.until("✓ applied")
    assert sql(project, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_x'::regclass") == [(True,)]


async def test_migration_with_a_rollback_can_be_rolled_back(project: Project) -> None:
    await call_interrupted(project, rollback="DROP TABLE IF EXISTS b;")
    async with project.open((100, 40)) as screen:
        text = paragraph(await settle(screen))
        assert "3 Roll the migration back koonj shows the plan of the rollback first." in text
        await screen.press("3")
        await screen.expect_dialog("Roll back 1 migration on local?")
        await screen.yes()
        await screen.expect_run("done")
        await screen.until("◦ pending")


async def test_decision_about_what_was_not_shown_changes_nothing(project: Project) -> None:
    """Another user drops the index while the dialog is open."""
    await index_interrupted(project, is_own=False)
    async with project.open((100, 40)) as screen:
        await settle(screen)
        await screen.press("1")
        await screen.expect_dialog("Repair?")
        sql(project, "DELETE FROM koonj.statement WHERE index = 2")
        await screen.yes()
        await screen.expect_run("is not settled")
        assert "s settle 017" in screen.run()
    assert decisions(project) == []


async def test_a_run_elsewhere_stops_the_decision(project: Project) -> None:
    await call_interrupted(project)
    async with project.open((100, 40)) as screen:
        await settle(screen)
        await screen.press("1")
        await screen.expect_dialog("Run statement 2 again?")
        with psycopg.connect(project.targets[0].dsn, autocommit=True) as conn:
            conn.execute("SELECT pg_advisory_lock(%s)", (KEY,))
            await screen.yes()
            await screen.expect_run("holds the koonj lock")
    assert decisions(project) == []


# Safety


async def test_only_y_confirms(project: Project) -> None:
    await call_interrupted(project)
    async with project.open((100, 40)) as screen:
        await settle(screen)
        await screen.press("enter", "y", "s")
        assert isinstance(screen.app.screen, SettleDialog), "nothing but a choice leaves this dialog"
        screen.later(2.0)
        await screen.press("1")
        await screen.expect_dialog("Run statement 2 again?")
        dialog = screen.app.screen
        assert isinstance(dialog, SettleConfirmation)
        decided: list[object] = []
        dialog.decide = lambda *args: decided.append(args)  # type: ignore[method-assign]
        await screen.press("enter", "space", "s", "1")
        assert decided == []
        await screen.press("y")
        assert len(decided) == 1, "y passes the guards against keys that are held down or typed ahead"
        assert screen.app.screen is dialog
        await screen.press("n")
        await screen.until(lambda: screen.app.screen is screen.main)
    assert decisions(project) == []


async def test_protected_target_requires_its_name(protected: Project) -> None:
    await call_interrupted(protected)
    async with protected.open((100, 40)) as screen:
        await settle(screen)
        await screen.press("1")
        await screen.expect_dialog("Run statement 2 again?  PROTECTED")
        assert isinstance(screen.app.screen, Confirmation)
        await screen.press("y", "enter")
        assert "The name does not match. Type production" in screen.text()
        await screen.press("backspace")
        await screen.type("production")
        await screen.press("enter")
        await screen.expect_run("Recorded.")
    assert len(decisions(protected)) == 1


# From a run that the interruption stops


async def test_refused_run_opens_the_dialog(project: Project) -> None:
    project.table(1)
    await call_interrupted(project)
    project.table(18)
    async with project.open((100, 40)) as screen:
        await screen.press("G", "A")
        await screen.expect_dialog("017_fill.sql was interrupted on local")
        await screen.press("escape")
        assert "koonj settle" not in screen.run()
        assert "s settle 017" in screen.run()
        assert screen.main.selected is not None
        assert screen.main.selected.name == NAME
        await settle(screen)


# The other panes


async def test_preview_and_first_line_say_the_same_as_the_status(project: Project) -> None:
    await call_interrupted(project)
    async with project.open((100, 40)) as screen:
        shown = paragraph(screen.preview())
        assert "at statement 2 of 3: call fill" in shown
        assert (
            "At least 1 of 3 statements are committed. Statement 2 was sent, its session has ended, and its end "
            "is not recorded. It commits in parts: some can be committed. The target does not show more: you "
            "decide." in shown
        )
        assert "! 017 interrupted: you decide" in screen.top()
        await screen.press("v")
        await screen.until("[Rollback]")
        assert "It commits in parts" in paragraph(screen.preview())


async def test_preview_says_how_the_next_run_continues(project: Project) -> None:
    await index_interrupted(project, is_own=True)
    async with project.open((120, 40)) as screen:
        shown = paragraph(screen.preview())
        assert "koonj runs DROP INDEX CONCURRENTLY public.a_x, and then runs statement 2 again." in shown
        assert "! 017 interrupted: the next run continues" in screen.top()
        assert "conflict" not in screen.text()


async def test_leftovers_of_other_statements_are_shown_with_their_repair(project: Project) -> None:
    project.table(1)
    sql(project, "CREATE TABLE a (x int); CREATE INDEX a_x ON a (x)")
    async with project.open((120, 40)) as screen:
        assert "! 1 leftover" not in screen.top()
        await apply(screen)
        sql(project, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'a_x'::regclass")
        await screen.press("R")
        await screen.until("! 1 leftover: Index public.a_x is INVALID")
        await screen.press("3")
        await screen.pilot.pause()
        shown = paragraph(" ".join(screen.targets()))
        assert "Index public.a_x is INVALID: its build, or its drop, stopped before its end." in shown
        assert "REINDEX INDEX CONCURRENTLY public.a_x" in shown


async def test_only_the_zoomed_pane_shows_all_leftovers(three_targets: Project) -> None:
    """The other targets stay visible."""
    three_targets.table(1)
    sql(three_targets, "CREATE TABLE a (x int); CREATE INDEX a_x ON a (x); CREATE INDEX a_y ON a (x)")
    async with three_targets.open((100, 24)) as screen:
        await apply(screen)
        sql(three_targets, "UPDATE pg_index SET indisvalid = false WHERE indrelid = 'a'::regclass")
        await screen.press("R")
        await screen.until("! 2 leftovers")
        await screen.press("3")
        await screen.until("and 1 more; to see them, press +")
        assert "staging" in screen.targets()[1]
        assert "production" in screen.targets()[2]
        await screen.press("plus")
        await screen.until("REINDEX INDEX CONCURRENTLY public.a_y")
        assert "and 1 more" not in screen.text()


def leave_invalid_index(project: Project) -> None:
    """Leave an index as another statement that was interrupted leaves it."""
    sql(project, "CREATE INDEX a_x ON a (x)")
    sql(project, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'a_x'::regclass")


async def test_dialog_shows_what_other_statements_have_left(project: Project) -> None:
    await call_interrupted(project)
    leave_invalid_index(project)
    async with project.open((100, 40)) as screen:
        text = await settle(screen)
        assert " ! Index public.a_x is INVALID: its build, or its drop, stopped before its end." in text
        assert "   REINDEX INDEX CONCURRENTLY public.a_x" in text


# At every size


async def _asks(screen: Screen) -> None:
    await settle(screen)


async def _asks_reason(screen: Screen) -> None:
    await settle(screen)
    await screen.press("2")
    await screen.expect_dialog("How do you know")


async def _confirms(screen: Screen) -> None:
    await settle(screen)
    await screen.press("1")
    await screen.expect_dialog("Run statement 2 again?")


async def _refused(screen: Screen) -> None:
    await screen.press("a")
    await screen.expect_dialog("was interrupted")
    await screen.press("escape")
    await screen.pilot.pause()


CALLS: dict[str, Steps] = {
    "settle": _asks,
    "settle_reason": _asks_reason,
    "settle_again": _confirms,
    "settle_refused": _refused,
}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", CALLS)
async def test_dialogs_match_golden(
    project: Project,
    golden: Golden,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    size: tuple[int, int],
) -> None:
    monkeypatch.chdir(project.root)
    await call_interrupted(project, rollback="DROP TABLE IF EXISTS b;")
    async with project.open(size) as screen:
        await CALLS[name](screen)
        await golden(screen, f"{name}_{size[0]}")


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_dialog_of_a_repair_matches_golden(
    project: Project,
    golden: Golden,
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
) -> None:
    monkeypatch.chdir(project.root)
    await index_interrupted(project, is_own=False)
    async with project.open(size) as screen:
        await settle(screen)
        await golden(screen, f"settle_index_{size[0]}")
        await screen.press("1")
        await screen.expect_dialog("Repair?")
        await golden(screen, f"settle_repair_{size[0]}")


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_leftovers_match_golden(
    project: Project,
    golden: Golden,
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
) -> None:
    monkeypatch.chdir(project.root)
    await call_interrupted(project)
    leave_invalid_index(project)
    async with project.open(size) as screen:
        await golden(screen, f"interrupted_{size[0]}")
        await screen.press("3")
        await screen.pilot.pause()
        await golden(screen, f"leftovers_{size[0]}")


async def test_dialog_without_colour_has_the_same_text(
    project: Project, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root)
    await call_interrupted(project, rollback="DROP TABLE IF EXISTS b;")
    async with project.open((80, 24), Terminal(colour=False)) as screen:
        await settle(screen)
        await golden(screen, "settle_80")


# An interruption in earnest


async def test_call_that_was_killed_is_settled_on_the_screen(project: Project) -> None:
    sql(
        project,
        """
        CREATE TABLE a (x int);
        CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO a VALUES (1);
            COMMIT;
            PERFORM pg_sleep(60);
            INSERT INTO a VALUES (2);
        END $$
        """,
    )
    project.write(NAME, "CREATE TABLE b ();\nCALL fill();\nVACUUM b;\n-- Rollback: none: test\n")
    async with Connector() as connector:
        interrupt(runner_project.Project(project.migrations, project.targets[0], connector))
    async with project.open((100, 40)) as screen:
        assert "It commits in parts: some can be committed." in paragraph(await settle(screen))
        await screen.press("2")
        await screen.expect_dialog("How do you know")
        await screen.type("2 was added by hand")
        await screen.press("enter")
        await screen.expect_dialog("Continue after statement 2?")
        screen.later(2.0)
        await screen.yes()
        await screen.expect_run("Recorded.")
        await screen.press("escape", "1", "a")
        await screen.expect_dialog("Apply 1 migration to local?")
        screen.later(2.0)
        await screen.yes()
        await screen.expect_run("done")
        await screen.until("✓ applied")
    assert sql(project, "SELECT x FROM a") == [(1,)]


# In a process of its own


async def test_repair_goes_on_when_the_screen_is_left_and_is_followed_again(
    project: Project, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("TMPDIR", str(home))
    await index_interrupted(project, is_own=False)
    waits = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'DROP INDEX%' AND wait_event_type = 'Lock' AND datname = current_database()"
    with psycopg.connect(project.targets[0].dsn) as reader:
        reader.execute("SELECT FROM a")
        async with project.open(moves_runs=True) as screen:
            await settle(screen)
            await screen.press("1")
            await screen.expect_dialog()
            await screen.yes()
            await screen.until(lambda: bool(sql(project, waits)))
            await screen.press("q")
            await screen.expect_dialog("l: The run continues in its own process.")
            await screen.press_to_exit("l")
        async with project.open(moves_runs=True) as screen:
            await screen.until("settling 017_fill.sql on local")
            await screen.until("blocked by pid ")
            assert sql(project, waits)
            reader.rollback()
            await screen.expect_run("done: Recorded.")
    (run,) = runs_of(project.migrations)
    assert (run.head.settles, run.head.result, run.is_seen) == ("017_fill.sql", "done", True)
    assert decisions(project)[0].startswith("repaired with DROP INDEX CONCURRENTLY")
    async with project.open(moves_runs=True) as screen:
        await screen.until("Recorded. The next apply continues")
        await screen.press("4")
        await screen.until("017_fill.sql: 1 of 3 statements are done. Reason: repaired with")
