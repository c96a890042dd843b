"""Long files: the text is shown at once, colours and analysis follow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from koonj.migrations.migration import Migration
from koonj.tui.documents.analysis import Analysis
from koonj.tui.documents.analysis_process import SegmentBatch, analyze_in_process
from koonj.tui.documents.highlighting import LARGE
from koonj.tui.screens import preview_text
from koonj.tui.theme import PLAIN
from support.screen import Project, Screen

INSERT = "INSERT INTO t VALUES ('it''s');\n"
MANY = 3 * LARGE // len(INSERT)
NONE = "-- Rollback: none: it only writes\n"


@pytest.fixture
def may_finish(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Hold back the analysis of the whole text until the test sets this event."""
    may_finish = asyncio.Event()

    async def held_back(migration: Migration) -> AsyncGenerator[SegmentBatch | Analysis, None]:
        async with aclosing(analyze_in_process(migration)) as all_found:
            async for found in all_found:
                if isinstance(found, Analysis):
                    await may_finish.wait()
                yield found

    monkeypatch.setattr(preview_text, "analyze_in_process", held_back)
    return may_finish


def coloured(screen: Screen) -> bool:
    """Return whether the last visible line of the text has a colour."""
    preview = screen.main.preview
    last = min(preview.count(), preview.top + preview.page) - 1
    return any(style is not PLAIN for _, style in preview.sql.line(last))


async def test_first_lines_are_coloured_before_the_analysis_is_complete(
    project: Project, may_finish: asyncio.Event
) -> None:
    project.write("001_long.sql", INSERT * MANY + NONE)
    async with project.open(answered=False) as screen:
        await screen.until("1 INSERT INTO t VALUES ('it''s');")
        await screen.until(lambda: coloured(screen))
        assert "analyzing the statements" in screen.preview()
        may_finish.set()
        await screen.until("no BEGIN in the file")


async def test_end_of_the_file_gets_colours(project: Project) -> None:
    project.write("001_long.sql", INSERT * MANY + NONE)
    async with project.open() as screen:
        await screen.until("1 INSERT INTO t")
        await screen.press("2", "G")
        assert f"{MANY} INSERT INTO t" in screen.preview() or f"{MANY + 1} -- Rollback" in screen.preview()
        await screen.until(lambda: coloured(screen))
        await screen.until("no BEGIN in the file")
        assert f"{MANY} INSERT INTO t" in screen.preview()
        assert "Rollback: none" not in screen.preview()
        await screen.until(lambda: coloured(screen))


async def test_all_statements_of_a_long_file_are_listed(project: Project, may_finish: asyncio.Event) -> None:
    project.write("001_long.sql", INSERT * MANY + NONE)
    async with project.open() as screen:
        await screen.until("1 INSERT INTO t")
        await screen.press("v", "v")
        assert "analyzing the statements" in screen.preview()
        may_finish.set()
        await screen.until("insert into t")
        await screen.press("2", "G")
        last = " ".join(screen.preview().split())
        assert f"{MANY} :{MANY} insert into t" in last or f"{MANY} line {MANY} insert into t" in last


async def test_copy_rows_are_counted_and_not_highlighted_as_sql(project: Project) -> None:
    rows = LARGE // 5
    project.write("001_copy.sql", "COPY t (a) FROM stdin;\n" + "SELECT\n" * rows + "\\.\nSELECT 1;\n" + NONE)
    async with project.open(size=(160, 30)) as screen:
        await screen.press("v", "v")
        await screen.until(f"copy t from stdin, {rows} rows")
        await screen.press("v", "v", "v", "v", "2", "pagedown")
        await screen.until(lambda: coloured(screen))
        preview = screen.main.preview
        [(text, style)] = preview.sql.line(preview.top)
        assert text == "SELECT"
        assert style.dim


async def test_scroll_position_stays_when_a_long_file_changes(project: Project) -> None:
    project.write("001_long.sql", INSERT * MANY + NONE)
    async with project.open() as screen:
        await screen.until("no BEGIN in the file")
        await screen.press("2", "G")
        top = screen.main.preview.top
        project.write("001_long.sql", INSERT * MANY + "SELECT 2;\n" + NONE)
        await screen.until(lambda: screen.main.preview.count() == MANY + 1)
        assert screen.main.preview.top == top


async def test_too_large_change_is_shown_without_comparison(project: Project) -> None:
    path = project.write("001_a.sql", "".join(f"SELECT {n};\n" for n in range(3_000)) + NONE)
    async with project.open(size=(160, 40)) as screen:
        await screen.until("no BEGIN in the file")
        await screen.press("a")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("done")
        path.write_text("".join(f"SELECT {n}, 2;\n" for n in range(3_000)) + NONE)
        await screen.until("✎ edited")
        await screen.press("v", "v", "v")
        await screen.until("Too many differences to compare the lines one by one")
        assert "- " in screen.preview()
        await screen.press("2", "G")
        await screen.until("2001 more lines")
