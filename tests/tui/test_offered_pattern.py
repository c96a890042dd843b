"""A finding whose answer is a pattern: a key opens the pattern filled in, and koonj says what is left to do."""

from __future__ import annotations

import pytest

from koonj.sql.problem import PatternOffer
from koonj.tui.screens import editor_problems
from koonj.tui.screens.editor import Editor
from koonj.tui.screens.pattern_palette import PatternPalette
from koonj.tui.state.offered_pattern import OfferedPattern
from koonj.tui.widgets.sql_editor import SqlEditor
from koonj.tui.widgets.text_line import TextBlock
from support.screen import Project, Screen

INDEX = """\
BEGIN;
CREATE TABLE users (id int PRIMARY KEY);
CREATE INDEX orders_owner_idx ON orders (owner)
    WHERE owner > 0;
COMMIT;

-- Rollback:
-- BEGIN;
-- DROP INDEX orders_owner_idx;
-- DROP TABLE users;
-- COMMIT;
"""
KEY = """\
BEGIN;
CREATE TABLE items (id int PRIMARY KEY, owner int REFERENCES users);
COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TABLE items;
-- COMMIT;
"""


async def opened(screen: Screen) -> PatternPalette:
    await screen.until(lambda: isinstance(screen.app.screen, PatternPalette))
    palette = screen.app.screen
    assert isinstance(palette, PatternPalette)
    await screen.until(lambda: any(row.has_focus_within for row in palette.rows))
    return palette


def values(palette: PatternPalette) -> dict[str, str]:
    return {row.field.name: row.value for row in palette.rows if row.value}


async def write(screen: Screen, palette: PatternPalette) -> None:
    await screen.until(lambda: palette.form.result.is_complete)
    palette.query_one("WriteLine").focus()
    await screen.press("enter")


async def test_key_opens_the_pattern_of_a_finding_and_says_what_to_take_out(project: Project) -> None:
    project.write("001_x.sql", INDEX)
    async with project.open((120, 36)) as screen:
        await screen.until(lambda: "Ctrl+O safe pattern" in screen.bottom())
        await screen.press("F")
        palette = await opened(screen)
        assert palette.form.source.key == "create_index"
        assert values(palette) == {
            "table": "orders",
            "columns": "owner",
            "where": "owner > 0",
            "index": "orders_owner_idx",
            "unique": "no",
            "method": "btree",
        }
        assert palette.query_one("#origin", TextBlock).text[0] == (
            "For 001_x.sql, line 3. Take that statement out of it afterwards."
        )
        await write(screen, palette)
        await screen.until(
            "Created 002_create_orders_owner_idx.sql. Now take statement 2 (line 3) and its rollback out of "
            "001_x.sql: press i."
        )
        assert screen.main.selected is not None
        assert screen.main.selected.name == "001_x.sql", "the file with the finding is the one to edit now"
    assert (project.migrations / "001_x.sql").read_text() == INDEX


async def test_pattern_that_adds_to_the_statement_leaves_the_file_as_it_is(project: Project) -> None:
    project.write("001_x.sql", INDEX.replace("CREATE INDEX orders_owner_idx ON orders (owner)\n", "SELECT 1"))
    project.write("002_y.sql", KEY)
    async with project.open((120, 36)) as screen:
        await screen.press("G")
        await screen.until(lambda: "Ctrl+O safe pattern" in screen.bottom())
        await screen.press("ctrl+o")
        palette = await opened(screen)
        await screen.until("That file stays as")
        await write(screen, palette)
        await screen.until(lambda: "Created 003_" in screen.bottom())
        assert "take" not in screen.bottom()
        await screen.until(lambda: screen.main.selected is not None and screen.main.selected.number == 3)


async def test_key_is_neither_shown_nor_works_without_an_offer(project: Project) -> None:
    project.table(1)
    async with project.open((120, 36)) as screen:
        await screen.until(lambda: screen.main.preview.document is not None)
        await screen.press("F")
        await screen.until("koonj found no problem in this migration.")
        await screen.press("2")
        assert "safe pattern" not in screen.bottom()
        project.write("001_make_t1.sql", "BEGIN;\nSELECT 1;\nCOMMIT;\n")
        await screen.until(lambda: bool(screen.main.preview.places))
        await screen.press("F")
        await screen.until("No pattern is the answer to this problem.")


async def test_editor_opens_the_pattern_of_the_problem_at_the_cursor(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editor_problems, "PAUSE", 0.05)
    project.write("001_x.sql", INDEX)
    async with project.open((120, 36)) as screen:
        await screen.press("i")
        await screen.until(lambda: isinstance(screen.app.screen, Editor))
        editor = screen.app.screen
        assert isinstance(editor, Editor)
        await screen.until(lambda: bool(editor.query_one(SqlEditor).looks.problems_at(2)))
        editor.query_one(SqlEditor).move_cursor((0, 0))
        await screen.until(lambda: "safe pattern" not in screen.bottom())
        await screen.press("ctrl+o")
        await screen.until("The line of the cursor has no problem.")
        await screen.press("f8")
        await screen.until(lambda: "Ctrl+O safe pattern" in screen.bottom())
        await screen.press("ctrl+o")
        palette = await opened(screen)
        assert values(palette)["index"] == "orders_owner_idx"
        await write(screen, palette)
        await screen.until(lambda: screen.app.screen is editor)
        await screen.until("Now take line 3 and its rollback out of this file.")


def test_file_that_has_run_elsewhere_has_no_task() -> None:
    offered = OfferedPattern(PatternOffer("create_index"), "001_x.sql", 3)
    assert offered.task("this file") == "Now take line 3 and its rollback out of this file."
    ran = OfferedPattern(PatternOffer("create_index"), "001_x.sql", 3, None, ("prod",))
    assert ran.task("this file") == ""
    assert ran.origin.endswith("It has run on prod, where the new files would do the same again.")
