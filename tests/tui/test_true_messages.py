"""Messages that are true, said once, whole, and gone when they are not true any more."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from textual.widgets import Input

from koonj.migrations.history_entry import Action, HistoryEntry, Outcome
from koonj.migrations.migration import Migration
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.tui.documents.document import make_document
from koonj.tui.screens.copy_dialog import CopyDialog
from koonj.tui.state.rehearsals import Rehearsals
from koonj.tui.state.snapshot import Check, Row
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.widgets.form_field import FieldRow
from koonj.tui.widgets.preview import Tab
from koonj.tui.widgets.preview.header import HeadFacts, PlainLook, head_lines
from support.screen import Project

NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)
FAILED = HistoryEntry(
    1, "001_t.sql", Action.APPLY, Outcome.FAILED, "", "", "", 0, 1, NOON, NOON, None, None,
    "division by zero", "22012", None, "migrator", "ada", "bastion", "0.1.0", "run",
)  # fmt: skip


async def test_message_about_a_wrong_name_goes_with_the_next_letter(protected: Project) -> None:
    protected.table(1)
    async with protected.open() as screen:
        await screen.press("a")
        await screen.expect_dialog()
        await screen.type("staging")
        await screen.press("enter")
        await screen.until("does not match")
        await screen.press("backspace")
        await screen.until(lambda: "does not match" not in screen.text())


async def test_reason_that_is_not_true_any_more_is_removed(tables: Project) -> None:
    async with tables.open() as screen:
        known = screen.main.snapshot
        screen.main.known = replace(known, checks=(Check(known.target),))
        await screen.press("a")
        assert "local has not responded yet." in screen.bottom()
        screen.main.known = known
        await screen.until(lambda: "has not responded" not in screen.bottom())


async def test_reason_that_is_still_true_stays(tables: Project) -> None:
    async with tables.open() as screen:
        await screen.press("r")
        assert "Nothing is applied on local." in screen.bottom()
        tables.table(4)
        await screen.until("make_t4")
        assert "Nothing is applied on local." in screen.bottom()


@pytest.mark.parametrize("group", ["edit", "file", "settle", "unblock"])
async def test_y_copies_nothing_while_a_dialog_is_on_its_way(tables: Project, group: str) -> None:
    async with tables.open() as screen:
        opened = asyncio.Event()

        async def read() -> None:
            await opened.wait()

        start_task(screen.main, read, group)
        await screen.pilot.pause()
        await screen.press("y")
        assert "Not now: what you asked for is about to open." in screen.bottom()
        assert screen.app.screen is screen.main
        opened.set()
        await screen.until(lambda: not screen.main.situation().awaits_dialog)
        await screen.press("y")
        await screen.until(lambda: isinstance(screen.app.screen, CopyDialog))


async def test_y_copies_nothing_while_a_change_of_a_file_asks_the_targets(tables: Project) -> None:
    async with tables.open() as screen:
        asked, answer = asyncio.Event(), asyncio.Event()
        check = screen.main.backend.must_be_unused

        async def slow(*args: Any) -> None:
            asked.set()
            await answer.wait()
            await check(*args)

        screen.main.backend.must_be_unused = slow  # type: ignore[method-assign, assignment] # a slow server
        await screen.press("delete")
        await asked.wait()
        await screen.press("y")
        assert "Not now: what you asked for is about to open." in screen.bottom()
        answer.set()
        await screen.expect_dialog("001_make_t1.sql")
        assert not any(isinstance(s, CopyDialog) for s in screen.app.screen_stack)


async def test_error_of_a_failed_run_is_said_once(project: Project) -> None:
    project.write("001_fails.sql", "BEGIN;\nSELECT 1/0;\nCOMMIT;\n-- Rollback: none: it fails\n")
    async with project.open((120, 40)) as screen:
        await screen.press("a")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("failed")
        run = screen.run()
        assert "✗ failed: 001_fails.sql" in run
        assert [run.count(text) for text in ("division by zero", "No part of 001_fails.sql")] == [1, 1]
        assert "no statement of this migration" not in run


def lines(status: MigrationStatus, text: str, width: int) -> list[str]:
    """Return the lines above the preview of a file with this text."""
    migration = Migration.from_recorded("001_t.sql", text)
    row = Row(1, "001_t.sql", status.state, migration, status)
    head = head_lines(
        HeadFacts(row, make_document(migration, ()), Tab.BODY, Rehearsals()), PlainLook(), width
    )
    return ["".join(part for part, _ in line).rstrip() for line in head]


def failed(note: str) -> MigrationStatus:
    return MigrationStatus(
        1, "001_t.sql", State.FAILED, None, FAILED, applied=False, allowed=False, note=note
    )


def test_sentences_above_the_preview_are_cut_with_an_ellipsis() -> None:
    found = lines(failed("word " * 100), "SELECT 1;\n-- Rollback: none: it reads\n", 60)
    assert found[4].endswith("word …")
    problems = "\n".join(lines(failed(""), "BEGIN;\nSELECT 1;\n", 30)).split("\n ! ")[1:]
    assert [(len(one.split("\n")), one.endswith("…")) for one in problems] == [(3, True), (3, True)]


def test_one_problem_is_whole() -> None:
    found = lines(failed(""), "BEGIN;\nSELECT 1;\n-- Rollback: none: it reads\n", 50)
    at = next(index for index, line in enumerate(found) if line.startswith(" ! "))
    assert " ".join(" ".join(found[at:]).split()).endswith("discard its statements. End it with COMMIT;")


def test_code_of_an_error_is_set_off_from_its_text() -> None:
    found = lines(failed(""), "SELECT 1;\n-- Rollback: none: it reads\n", 100)
    assert " division by zero (SQLSTATE 22012)" in found


async def test_placeholder_of_a_field_is_cut_with_an_ellipsis(project: Project) -> None:
    async with project.open((80, 24)) as screen:
        await screen.press("n")
        await screen.until("Tables")
        await screen.press("enter")
        await screen.pilot.pause()
        row = screen.app.screen.query(FieldRow).first()
        row._placeholder = "for example " + "a long name " * 20
        row._cut_placeholder()
        line = row.query_one(Input)
        assert line.placeholder.endswith("…")
        assert len(line.placeholder) <= line.content_size.width
