"""Findings of safety rules in the preview and in the editor."""

from __future__ import annotations

import asyncio

import pytest

from koonj.tui.screens import editor_problems, preview_text
from koonj.tui.widgets.preview.preview import Preview
from support.project import PATIENCE
from support.screen import Project, apply

ROLLBACK = "\n-- Rollback:\n-- BEGIN;\n-- SELECT 1;\n-- COMMIT;\n"
DONE = "BEGIN;\nCREATE TABLE t (id int);\nCOMMIT;\n" + ROLLBACK


async def test_preview_shows_findings_until_the_migration_is_applied(project: Project) -> None:
    project.write("001_x.sql", "BEGIN;\nSELECT 1;\nDROP TABLE IF EXISTS old;\nCOMMIT;\n" + ROLLBACK)
    async with project.open() as screen:
        await screen.until("! warning, line 3: DROP TABLE")
        await apply(screen)
        await screen.until(lambda: "applied" in screen.row("001 x") and "warning" not in screen.preview())


async def test_table_of_a_pending_migration_is_new(project: Project) -> None:
    project.write("001_make.sql", DONE)
    project.write("002_fill.sql", "BEGIN;\nSELECT 1;\nCOMMIT;\n" + ROLLBACK)
    project.write("003_empty.sql", "BEGIN;\nTRUNCATE t;\nDROP TABLE other;\nCOMMIT;\n" + ROLLBACK)
    async with project.open() as screen:
        await screen.press("G")
        await screen.until(lambda: "DROP TABLE deletes" in screen.preview())
        assert "TRUNCATE deletes" not in screen.preview()


async def test_editor_marks_a_finding_as_it_is_typed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editor_problems, "PAUSE", 0.05)
    project.write("001_x.sql", "BEGIN;\nTRUNCATE old;\nCOMMIT;\n" + ROLLBACK)
    async with project.open() as screen:
        await screen.press("i")
        await screen.until("TRUNCATE deletes all rows of old")


async def test_large_file_is_said_to_be_unread(project: Project) -> None:
    rows = ", ".join(f"({number})" for number in range(40_000))
    project.write(
        "001_x.sql", f"BEGIN;\nCREATE TABLE t (id int);\nINSERT INTO t VALUES {rows};\nCOMMIT;\n{ROLLBACK}"
    )
    async with project.open() as screen:
        await screen.until("The safety rules have not read this file")


async def test_findings_that_come_after_the_end_change_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("001_a.sql", "CREATE TABLE a (id int);\n")
    asked, closed = asyncio.Event(), asyncio.Event()

    async def late(*_: object) -> tuple[()]:
        asked.set()
        await closed.wait()
        return ()

    monkeypatch.setattr(preview_text, "findings", late)
    async with project.open() as screen:
        await asyncio.wait_for(asked.wait(), PATIENCE)
        await screen.main.query_one(Preview).remove()
        closed.set()
        await screen.until(lambda: all(w.is_finished for w in screen.main.workers if w.group == "findings"))
