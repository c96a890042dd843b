"""The confirmation shows target, server, migrations and statements at every size."""

from __future__ import annotations

import pytest

from koonj.tui.widgets.pane import Pane
from support.screen import Project

OUTSIDE = "CREATE INDEX CONCURRENTLY i{0} ON t1 (id);\n\n-- Rollback:\n-- DROP INDEX CONCURRENTLY i{0};\n"


@pytest.mark.parametrize(("width", "expected"), [(80, 80), (120, 100), (150, 120), (200, 160), (300, 160)])
async def test_plan_takes_more_of_a_wide_screen(project: Project, width: int, expected: int) -> None:
    project.table(1)
    async with project.open((width, 40)) as screen:
        await screen.press("a")
        await screen.expect_dialog()
        box = screen.app.screen.query_one("#box")
        assert box.region.width == expected


async def test_confirmation_shows_facts_before_migrations(project: Project) -> None:
    project.table(1)
    project.write("002_index.sql", OUTSIDE.format(2))
    async with project.open((100, 30)) as screen:
        await screen.press("A")
        text = await screen.expect_dialog("Apply 2 migrations to local?")
        assert "dsn " not in text, "it says no more than the server in the band"
        facts = text.splitlines()
        assert facts[1].startswith("▌ local    PostgreSQL")
        assert "migrations  2  1 in one transaction, 1 outside a transaction" in text
        assert "rehearsal   ◌ not rehearsed yet: 001, 002" in text
        assert "locks       unknown until rehearsed" in text
        assert "statements  2" in text
        assert text.index("statements  2") < text.index(" 001  make_t1") < text.index(" 001_make_t1.sql")
        assert "(outside a transaction)" in text
        await screen.press("n")
        await screen.expect_run("not confirmed")


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (40, 12)], ids=str)
async def test_protected_target_is_shown_in_reverse_video(protected: Project, size: tuple[int, int]) -> None:
    protected.table(1)
    async with protected.open(size) as screen:
        await screen.press("a")
        await screen.expect_dialog("production", "PROTECTED")
        loud = screen.reversed_texts(screen.app.screen.query_one("#box Pane", Pane), 1)
        assert "".join(loud) == "productionPROTECTED"
        assert "type production" in screen.text()
        assert "y apply" not in screen.text(), "y can be a letter of the name"
        assert "┏" in screen.text()
        await screen.press("escape")
        await screen.expect_run("not confirmed")


async def test_many_migrations_are_listed_before_their_statements(project: Project) -> None:
    for number in range(1, 100):
        project.table(number)
    project.write("100_index.sql", OUTSIDE.format(100))
    async with project.open((80, 24)) as screen:
        await screen.press("A")
        text = await screen.expect_dialog("Apply 100 migrations to local?")
        lines = text.splitlines()
        first = next(i for i, line in enumerate(lines) if line.startswith(" 001  make_t1 "))
        listed = lines[first : first + 100]
        assert [line.split()[0] for line in listed] == [f"{number:03}" for number in range(1, 101)]
        assert listed[0].split()[2:4] == ["one", "transaction"]
        assert listed[-1].split()[2:3] == ["outside"]
        assert lines.index(" Statements") > first
        assert "create table t99" in text
        await screen.press("G")
        assert "(outside a transaction)" in screen.text()
        await screen.press("n")
        await screen.expect_run("not confirmed")
