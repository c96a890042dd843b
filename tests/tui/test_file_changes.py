"""The keys that do what koonj advises: renumber, rename, restore, new from edit, delete."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from koonj.migrations.folder import Folder
from koonj.migrations.states import State
from koonj.tui.commands import files
from koonj.tui.commands.files import DeleteFile, NewFromEdit, Rename, Renumber, Restore, RetrySettings
from koonj.tui.screens import file_changes
from koonj.tui.screens.file_confirmation import FileConfirmation
from koonj.tui.screens.help import HelpDialog
from koonj.tui.screens.title_dialog import TitleDialog
from koonj.tui.workers import watcher
from koonj.tui.workers.backend import Backend
from koonj.user_folders import STATE, folder_path
from support.screen import Project, Screen, apply


def names(project: Project) -> list[str]:
    return sorted(path.name for path in project.migrations.iterdir())


def kept() -> list[str]:
    """Return the texts that koonj keeps, sorted."""
    folder = folder_path(STATE) / "replaced"
    return sorted(path.read_text() for path in folder.iterdir()) if folder.exists() else []


async def select(screen: Screen, part: str, word: str) -> None:
    """Wait until the migration has the state `word`, and select it."""
    await screen.until(lambda: any(part in r.name and r.word == word for r in screen.main.snapshot.rows))
    screen.main.migrations.select(next(r.name for r in screen.main.snapshot.rows if part in r.name))
    await screen.pilot.pause()


async def ask(screen: Screen, key: str, *parts: str) -> str:
    await screen.press(key)
    text = await screen.expect_dialog(*parts)
    assert isinstance(screen.app.screen, FileConfirmation)
    return text


def said(screen: Screen) -> str:
    """Return the message at the bottom, which can have several lines."""
    return " ".join(" ".join(screen.lines()[-3:]).split())


async def test_m_gives_a_late_file_the_next_free_number(project: Project) -> None:
    project.table(2)
    async with project.open() as screen:
        await apply(screen)
        name = project.table(1)
        text = (project.migrations / name).read_text()
        assert text.startswith(f"-- {name}\n")
        await select(screen, "make_t1", "late")
        assert "renumber" in screen.bottom()
        await ask(
            screen,
            "m",
            "becomes 003_make_t1.sql",
            'The first line becomes "-- 003_make_t1.sql". The other lines stay',
            "Not applied on: local.",
        )
        await screen.press("n")
        assert name in names(project)
        screen.later(1)
        await ask(screen, "m")
        await screen.yes()
        await screen.until(lambda: "003_make_t1.sql" in names(project))
        new = project.migrations / "003_make_t1.sql"
        await screen.until(lambda: new.read_text() == text.replace(name, "003_make_t1.sql"))
        await select(screen, "003_make_t1", "pending")
        await apply(screen, "a")


async def test_m_asks_to_type_the_targets_that_do_not_respond(three_targets: Project) -> None:
    project = three_targets
    for name in ("001_a.sql", "001_b.sql"):
        project.write(name, f"CREATE TABLE {name[4]} ();\n-- Rollback: none: test\n")
    async with project.open() as screen:
        await select(screen, "001_b", "duplicate")
        await ask(screen, "m", "becomes 002_b.sql", "Not known, because they do not", "production.")
        await screen.press("y", "enter")
        assert names(project) == ["001_a.sql", "001_b.sql"]
        await screen.press("backspace")
        await screen.type("production")
        await screen.press("enter")
        await screen.until(lambda: names(project) == ["001_a.sql", "002_b.sql"])


async def test_o_shows_the_difference_and_restores_an_edited_file(project: Project, home: Path) -> None:
    name = project.table(1)
    async with project.open((120, 36)) as screen:
        await apply(screen)
        file = project.migrations / name
        ran = file.read_text()
        edited = ran.replace("PRIMARY KEY", "NOT NULL")
        project.write(name, edited)
        await select(screen, name, "edited")
        await ask(
            screen,
            "o",
            "- the file now, + the text that ran",
            "- CREATE TABLE t1 (id int NOT NULL);",
            "+ CREATE TABLE t1 (id int PRIMARY KEY);",
        )
        await screen.yes()
        await screen.until(lambda: file.read_text() == ran)
        assert kept() == [edited]
        await select(screen, name, "applied")
        await screen.press("o")
        assert "there is nothing to restore" in said(screen)


async def test_o_restores_a_missing_file(project: Project) -> None:
    name = project.table(1)
    async with project.open() as screen:
        await apply(screen)
        ran = (project.migrations / name).read_text()
        (project.migrations / name).unlink()
        await select(screen, name, "missing")
        text = await ask(screen, "o", "+ CREATE TABLE t1")
        words = " ".join(text.replace("│", " ").split())
        assert re.search(
            r"The file is missing\. koonj writes the text that ran on local on 20\S+ \S+\. \+ the text that ran ",
            words,
        )
        assert "line end" not in words
        assert "the file now" not in words
        await screen.yes()
        await screen.until(lambda: names(project) == [name])
        assert (project.migrations / name).read_text() == ran
        await screen.until(f"Restored {name}: it has the text that ran on local.")


async def test_x_puts_an_edit_into_a_new_migration(project: Project, home: Path) -> None:
    name = project.table(1)
    async with project.open((120, 36)) as screen:
        await apply(screen)
        ran = (project.migrations / name).read_text()
        edited = ran.replace("COMMIT;\n\n", "CREATE TABLE t2 ();\nCOMMIT;\n\n")
        project.write(name, edited)
        await select(screen, name, "edited")
        text = await ask(screen, "x", "- CREATE TABLE t2 ();")
        words = " ".join(text.replace("│", " ").split())
        assert (
            "A new migration gets 1 statement that the edit added. Then 001_make_t1.sql gets the text"
            in words
        )
        assert re.search(r"gets the text that ran on local on 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", words)
        await screen.yes()
        await screen.until(lambda: (project.migrations / name).read_text() == ran)
        assert "CREATE TABLE t2 ();" in (project.migrations / "002_make_t1_edit.sql").read_text()
        assert kept() == [edited]
        await select(screen, "002_make_t1_edit", "pending")


async def test_delete_removes_a_pending_file_and_keeps_its_text(tables: Project, home: Path) -> None:
    text = (tables.migrations / "003_make_t3.sql").read_text()
    async with tables.open() as screen:
        await apply(screen, "a")
        await select(screen, "001_make_t1", "applied")
        await screen.press("delete")
        assert "only a pending file can be deleted" in said(screen)
        await select(screen, "003_make_t3", "pending")
        await ask(screen, "delete", "003_make_t3.sql is deleted.")
        await screen.type("003")
        await screen.press("enter")
        await screen.until(lambda: "003_make_t3.sql" not in names(tables))
        assert kept() == [text]


@pytest.mark.parametrize("key", ["delete", "M"])
async def test_a_file_that_another_target_has_applied_is_neither_deleted_nor_renamed(
    three_targets: Project, key: str
) -> None:
    three_targets.table(1)
    async with three_targets.open() as screen:
        await screen.press("t", "j", "enter", "1")
        await screen.until(lambda: screen.main.snapshot.chosen == "staging")
        await apply(screen)
        await screen.press("t", "k", "enter", "1")
        await screen.until(lambda: screen.main.snapshot.chosen == "local")
        await select(screen, "001_make_t1", "pending")
        await screen.press(key)
        await screen.until("001_make_t1.sql is applied on staging.")
        assert names(three_targets) == ["001_make_t1.sql"]


@pytest.mark.parametrize("key", ["m", "o", "x"])
async def test_a_pending_file_needs_no_repair(tables: Project, key: str) -> None:
    async with tables.open() as screen:
        await select(screen, "001_make_t1", "pending")
        await screen.press(key)
        assert "001_make_t1.sql is pending" in said(screen)


async def ask_title(screen: Screen) -> str:
    await screen.press("M")
    text = await screen.expect_dialog()
    assert isinstance(screen.app.screen, TitleDialog)
    return text


async def test_rename_keeps_the_number_and_shows_the_new_name(tables: Project) -> None:
    text = (tables.migrations / "002_make_t2.sql").read_text()
    async with tables.open() as screen:
        await apply(screen, "a")
        await select(screen, "001_make_t1", "applied")
        await screen.press("M")
        assert "only a pending file can be renamed" in said(screen)
        await select(screen, "002_make_t2", "pending")
        assert "Not applied on: local." in await ask_title(screen)
        await screen.press("enter")
        assert "has this name already" in screen.bottom() + screen.text()
        await screen.press("ctrl+u", "minus", "enter")
        assert isinstance(screen.app.screen, TitleDialog), "no letter for a name"
        await screen.press("backspace")
        await screen.type("Second Table")
        await screen.until("becomes 002_second_table.sql")
        await screen.until('The first line becomes "-- 002_second_table.sql".')
        await screen.press("escape")
        assert "002_make_t2.sql" in names(tables)
        await ask_title(screen)
        await screen.press("ctrl+u")
        await screen.type("second table")
        await screen.press("enter")
        await screen.until(lambda: "002_second_table.sql" in names(tables))
        new = tables.migrations / "002_second_table.sql"
        changed = text.replace("-- 002_make_t2.sql", "-- 002_second_table.sql")
        await screen.until(lambda: new.read_text() == changed)
        await screen.until(
            lambda: screen.main.selected is not None and screen.main.selected.name == "002_second_table.sql"
        )
        assert "002_make_t2.sql" not in names(tables)


async def test_rename_asks_to_type_the_targets_that_do_not_respond(three_targets: Project) -> None:
    three_targets.table(1)
    async with three_targets.open() as screen:
        await select(screen, "001_make_t1", "pending")
        assert "do not respond: production." in await ask_title(screen)
        await screen.type("b")
        await screen.press("enter")
        await screen.until(lambda: isinstance(screen.app.screen, FileConfirmation))
        await screen.expect_dialog("becomes 001_make_t1b.sql")
        await screen.press("enter")
        assert names(three_targets) == ["001_make_t1.sql"]
        await screen.type("production")
        await screen.press("enter")
        await screen.until(lambda: names(three_targets) == ["001_make_t1b.sql"])


async def test_rename_overwrites_no_file(project: Project) -> None:
    project.write("001_a.sql", "CREATE TABLE a ();\n-- Rollback: none: test\n")
    project.write("001_b.sql", "CREATE TABLE b ();\n-- Rollback: none: test\n")
    async with project.open() as screen:
        await select(screen, "001_a", "duplicate")
        await ask_title(screen)
        await screen.press("ctrl+u", "b", "enter")
        await screen.until("Nothing was changed.")
        assert "CREATE TABLE b" in (project.migrations / "001_b.sql").read_text()
        assert names(project) == ["001_a.sql", "001_b.sql"]


async def test_y_does_not_copy_while_a_change_of_a_file_is_read(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_answer, check = asyncio.Event(), Backend.must_be_unused

    async def late(
        backend: Backend, folder: Folder, names: Collection[str], skipped: Collection[str] = ()
    ) -> None:
        await may_answer.wait()
        await check(backend, folder, names, skipped)

    monkeypatch.setattr(Backend, "must_be_unused", late)
    project.table(1)
    async with project.open() as screen:
        await select(screen, "001_make_t1", "pending")
        await screen.press("delete", "y")
        assert "is about to open" in said(screen)
        may_answer.set()
        await screen.expect_dialog("001_make_t1.sql is deleted.")


async def test_settings_after_a_lock_was_not_available(project: Project) -> None:
    project.table(1)
    text = "-- koonj: lock_wait 200ms\n-- Adds b.\nALTER TABLE t1 ADD b int;\n-- Rollback: none: test\n"
    async with project.open((120, 36)) as screen:
        await apply(screen)
        project.write("002_b.sql", text)
        await select(screen, "002_b", "pending")
        await screen.press("L")
        assert "did not fail at a lock" in said(screen)
        with closing(psycopg.connect(project.targets[0].dsn)) as conn:
            conn.execute("LOCK TABLE t1")
            await screen.press("a")
            await screen.expect_dialog()
            await screen.yes()
            await screen.expect_run("failed")
        await screen.press("1")
        await select(screen, "002_b", "failed")
        shown = await ask(screen, "L", "- -- koonj: lock_wait 200ms", "+ -- koonj: lock_wait 400ms")
        assert "+ -- koonj: max_stall 1s" in shown
        assert (project.migrations / "002_b.sql").read_text() == text
        await screen.yes()
        file = project.migrations / "002_b.sql"
        wanted = text.replace("200ms", "400ms").replace("b.\n", "b.\n-- koonj: max_stall 1s\n")
        await screen.until(lambda: file.read_text() == wanted)
        await apply(screen, "a")


async def test_an_applied_file_gets_no_settings(tables: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "wanted_settings", lambda *_: {"retries": "5"})
    async with tables.open((120, 36)) as screen:
        await apply(screen, "a")
        await select(screen, "001_make_t1", "applied")
        text = (tables.migrations / "001_make_t1.sql").read_text()
        await screen.press("L")
        assert "koonj does not change the text of an applied file" in said(screen)
        assert (tables.migrations / "001_make_t1.sql").read_text() == text


async def test_settings_are_not_written_over_a_change_of_another_program(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("001_a.sql", "SELECT 1;\n-- Rollback: none: test\n")
    monkeypatch.setattr(file_changes, "wanted_settings", lambda *_: {"retries": "5"})
    monkeypatch.setattr(files, "wanted_settings", lambda *_: {"retries": "5"})
    monkeypatch.setattr(watcher, "FOLDER_INTERVAL", 3600.0)
    async with project.open((120, 36)) as screen:
        await select(screen, "001_a", "pending")
        await ask(screen, "L", "+ -- koonj: retries 5")
        project.write("001_a.sql", "SELECT 2;\n")
        await screen.yes()
        await screen.until("was changed by another program")
        assert (project.migrations / "001_a.sql").read_text() == "SELECT 2;\n"


async def test_a_question_does_not_open_over_another_screen(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_answer, answered, check = asyncio.Event(), asyncio.Event(), Backend.must_be_unused

    async def late(
        backend: Backend, folder: Folder, names: Collection[str], skipped: Collection[str] = ()
    ) -> None:
        await may_answer.wait()
        await check(backend, folder, names, skipped)
        answered.set()

    monkeypatch.setattr(Backend, "must_be_unused", late)
    project.table(1)
    async with project.open() as screen:
        await select(screen, "001_make_t1", "pending")
        for key in ("delete", "M"):
            answered.clear()
            may_answer.clear()
            await screen.press(key, "question_mark")
            await screen.until(lambda: isinstance(screen.app.screen, HelpDialog))
            may_answer.set()
            await answered.wait()
            await screen.until(lambda: all(w.is_finished for w in screen.main.workers if w.group == "file"))
            assert isinstance(screen.app.screen, HelpDialog)
            await screen.press("escape")
            await screen.until(lambda: screen.app.screen is screen.main)


async def test_no_file_is_changed_during_a_run_or_while_its_state_is_unknown(tables: Project) -> None:
    async with tables.open() as screen:
        now = screen.main.situation()
        assert now.selected is not None
        assert now.selected.state is State.PENDING
        for command in (Renumber(), Rename(), Restore(), NewFromEdit(), RetrySettings(), DeleteFile()):
            assert "A run is in progress" in (command.why_not(replace(now, running=True)) or "")
            unknown = now.selected._replace(status=None)
            assert "is not known yet" in (command.why_not(replace(now, selected=unknown)) or "")
            assert command.why_not(replace(now, selected=None)) == "No migration is selected."
