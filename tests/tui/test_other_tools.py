"""The screen in a folder of another tool: it names the tool, leads to the right file, and refuses a fleet."""

from __future__ import annotations

from pathlib import Path

import pytest

from koonj.config import Target
from koonj.tui.widgets.preview.tabs import Tab
from support.screen import Project, Screen

WHY = "This folder belongs to diesel"
UP, DOWN = "SELECT 1;\nVACUUM;\n", "SELECT 1;\nSELECT 2;\nVACUUM;\n"


@pytest.fixture
def pairs(tmp_path: Path) -> Project:
    project = Project(tmp_path, *(Target(name, "host=/nowhere", declared=True) for name in ("one", "two")))
    folder = project.migrations / "1_a"
    folder.mkdir(parents=True)
    (folder / "up.sql").write_text(UP)
    (folder / "down.sql").write_text(DOWN)
    return project


def shown(screen: Screen) -> tuple[Tab, list[int]]:
    return screen.main.preview.tab, sorted(screen.main.preview.marked)


@pytest.mark.parametrize(
    ("size", "title"),
    [((80, 24), "diesel, read-only"), ((120, 40), "Migrations · diesel, read-only")],
)
async def test_title_names_the_tool(pairs: Project, size: tuple[int, int], title: str) -> None:
    async with pairs.open(size) as screen:
        assert title in screen.text()


async def test_title_of_a_folder_that_koonj_runs_says_no_more_than_the_tool(
    database: str, tmp_path: Path
) -> None:
    project = Project(tmp_path, Target("local", database))
    project.write("1_a.sql", "-- migrate:up\n-- migrate:down\n")
    async with project.open((120, 40)) as screen:
        assert "Migrations · dbmate" in screen.text()
        assert "read-only" not in screen.text()


async def test_a_key_leads_to_the_file_that_has_the_problem(pairs: Project) -> None:
    async with pairs.open((120, 40)) as screen:
        preview = screen.main.preview
        await screen.until(lambda: preview.document is not None and preview.document.is_analyzed)
        await screen.press("]")
        assert shown(screen) == (Tab.ROLLBACK, [2])
        await screen.press("[")
        assert shown(screen) == (Tab.BODY, [1])
        await screen.press("2", "f8")
        assert (preview.tab, preview.visited and preview.visited.line) == (Tab.BODY, 2)
        await screen.press("f8")
        assert (preview.tab, preview.visited and preview.visited.line) == (Tab.ROLLBACK, 3)


async def test_the_matrix_refuses_with_the_same_sentence(pairs: Project) -> None:
    async with pairs.open((120, 40)) as screen:
        await screen.press("T")
        await screen.until("Targets × migrations")
        await screen.press("a")
        await screen.until(WHY)


async def test_the_matrix_applies_in_a_folder_that_koonj_runs(database: str, tmp_path: Path) -> None:
    targets = (Target(name, database, declared=True) for name in ("local", "staging"))
    project = Project(tmp_path, *targets)
    project.write("1_a.sql", "-- migrate:up\n-- migrate:down\n")
    async with project.open((120, 40)) as screen:
        await screen.press("T")
        await screen.until("Targets × migrations")
        await screen.press("a")
        await screen.until("koonj cannot leave its screen here.")


async def test_the_history_is_that_of_the_tool(database: str, tmp_path: Path) -> None:
    project = Project(tmp_path, Target("local", database))
    project.write("1_a.sql", "-- migrate:up\n-- migrate:down\n")
    why = "dbmate keeps its own history, which koonj shows"
    async with project.open((120, 40)) as screen:
        await screen.press("H")
        await screen.until(f"koonj has recorded nothing on this target. {why}")
        await screen.press("escape")
        preview = screen.main.preview
        await screen.until(lambda: preview.document is not None and preview.document.is_analyzed)
        for _ in range(5):
            await screen.press("right_square_bracket")
        assert preview.tab is Tab.HISTORY
        assert "dbmate keeps its own history" in screen.text()


async def test_the_preview_starts_where_the_migration_starts_in_a_file_of_several(tmp_path: Path) -> None:
    project = Project(tmp_path, Target("local", "host=/nowhere"))
    changes = "".join(f"\n--changeset ann:{n}\nselect {n};\n" + "-- more\n" * 40 for n in (1, 2, 3))
    project.write("db.sql", f"--liquibase formatted sql\n{changes}")
    async with project.open((120, 40)) as screen:
        await screen.press("down")
        await screen.until(lambda: "select 2;" in screen.preview())
        assert "select 1;" not in screen.preview()
        assert "--changeset ann:2" in screen.preview()
        await screen.press("up")
        await screen.until(lambda: "select 1;" in screen.preview())


async def test_a_plan_in_a_folder_of_a_tool_offers_no_batch(database: str, tmp_path: Path) -> None:
    project = Project(tmp_path, Target("local", database))
    for number in (1, 2):
        project.write(f"{number}_a.sql", f"-- migrate:up\nCREATE TABLE t{number} ();\n-- migrate:down\n")
    async with project.open((120, 40)) as screen:
        await screen.until("◦ pending")
        await screen.press("A")
        await screen.until("y apply")
        assert "p probe" in screen.text()
        assert "b batch" not in screen.text()
