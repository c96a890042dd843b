"""Keys that choose how far a run goes: up to the selected migration, down to it, all; probe and rehearse all."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from support.screen import Project, Screen, apply


def tables_of(project: Project) -> list[str]:
    with psycopg.connect(project.targets[0].dsn, autocommit=True) as conn:
        rows: list[tuple[Any, ...]] = conn.execute(
            "SELECT relname FROM pg_class WHERE relname ~ '^t[0-9]+$' ORDER BY 1"
        ).fetchall()
    return [row[0] for row in rows]


async def select(screen: Screen, name: str) -> None:
    screen.main.migrations.select(name)
    await screen.pilot.pause()


async def test_upper_u_applies_up_to_the_selected_migration(tables: Project) -> None:
    async with tables.open() as screen:
        await select(screen, "002_make_t2.sql")
        await screen.press("U")
        text = await screen.expect_dialog("001_make_t1", "002_make_t2")
        assert "003_make_t3" not in text
        await screen.yes()
        await screen.expect_run("done")
        assert tables_of(tables) == ["t1", "t2"]
        await screen.press("escape", "1")
        await select(screen, "001_make_t1.sql")
        await screen.press("U")
        assert "Nothing is pending up to 001_make_t1.sql." in screen.bottom()


async def test_upper_b_rolls_back_down_to_the_selected_migration(tables: Project) -> None:
    async with tables.open() as screen:
        await apply(screen)
        await select(screen, "003_make_t3.sql")
        await screen.press("B")
        assert "Nothing with a number above 003_make_t3.sql is applied." in screen.bottom()
        await select(screen, "001_make_t1.sql")
        await screen.press("B")
        text = await screen.expect_dialog("003_make_t3", "002_make_t2")
        assert "001_make_t1" not in text
        await screen.yes()
        await screen.expect_run("done")
        assert tables_of(tables) == ["t1"]


async def test_upper_z_rolls_back_all(tables: Project) -> None:
    async with tables.open() as screen:
        await screen.press("Z")
        assert "Nothing is applied on local." in screen.bottom()
        await apply(screen)
        await screen.press("Z")
        await screen.expect_dialog("003_make_t3", "002_make_t2", "001_make_t1")
        await screen.yes()
        await screen.expect_run("done")
        assert tables_of(tables) == []


async def test_p_in_the_plan_probes_it(tables: Project) -> None:
    async with tables.open() as screen:
        await screen.press("A")
        plan = await screen.expect_dialog("003_make_t3")
        first = screen.app.screen
        assert "p probe" in screen.text()
        await screen.press("p")
        await screen.until(lambda: screen.app.screen is not first and screen.main.control.is_probe)
        await screen.expect_dialog("003_make_t3")
        assert "p probe" not in screen.text()
        assert plan
        await screen.yes()
        await screen.until(lambda: not screen.main.control.running)
        await screen.until("probed")
        assert tables_of(tables) == []


async def test_f5_probes_the_plan_of_a_protected_target(protected: Project) -> None:
    protected.table(1)
    async with protected.open() as screen:
        await screen.press("A")
        await screen.expect_dialog("001_make_t1")
        first = screen.app.screen
        await screen.type("p")
        assert screen.app.screen is first
        await screen.press("f5")
        await screen.until(lambda: screen.app.screen is not first and screen.main.control.is_probe)
        await screen.expect_dialog("001_make_t1")
        await screen.press("escape")
        await screen.until(lambda: not screen.main.control.running)
        assert tables_of(protected) == []


@pytest.mark.parametrize("number", [3])
async def test_upper_p_rehearses_all(tables: Project, number: int) -> None:
    async with tables.open() as screen:
        await apply(screen, "a")
        await screen.press("P")
        await screen.until(f"Rehearsed: {number} verified.")
        assert len(screen.main.snapshot.rehearsals.results) == number
