"""Golden tests of the screens that show all targets, and the history of one. Review every change of a file."""

from __future__ import annotations

import psycopg
import pytest

from koonj.tui.screens.matrix import MatrixScreen
from koonj.tui.toolkit.capabilities import Terminal
from koonj.tui.widgets.matrix_pane import MatrixPane
from support.screen import Golden, Project, Screen, apply

SIZES = [(80, 24), (120, 36), (200, 50)]


async def _matrix(screen: Screen) -> MatrixScreen:
    await screen.press("T")
    await screen.until(
        lambda: isinstance(screen.app.screen, MatrixScreen) and bool(screen.app.screen.query(MatrixPane))
    )
    found = screen.app.screen
    assert isinstance(found, MatrixScreen)
    await screen.until(lambda: all(c.since is None for c in screen.main.snapshot.checks))
    await screen.until(
        lambda: bool(found.pane.view.rows) and all(c.since is None for c in found.pane.view.columns)
    )
    await screen.pilot.pause()
    return found


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_matrix_matches_golden(three_targets: Project, golden: Golden, size: tuple[int, int]) -> None:
    for number in (1, 2):
        three_targets.table(number)
    async with three_targets.open(size) as screen:
        await apply(screen)
    edited = three_targets.migrations / "001_make_t1.sql"
    edited.write_text(edited.read_text().replace("int PRIMARY KEY", "bigint PRIMARY KEY"))
    for number in range(3, 13):
        three_targets.table(number)
    async with three_targets.open(size) as screen:
        await _matrix(screen)
        await golden(screen, f"matrix_{size[0]}")
        await screen.press("l", "l")
        await screen.until("refused")
        await golden(screen, f"matrix_unknown_{size[0]}")


async def test_matrix_in_ascii_matches_golden(three_targets: Project, golden: Golden) -> None:
    three_targets.table(1)
    async with three_targets.open((80, 24)) as screen:
        await apply(screen)
    async with three_targets.open((80, 24), Terminal(ascii_only=True)) as screen:
        await _matrix(screen)
        await golden(screen, "matrix_80_ascii")
        assert screen.text().isascii()


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_history_matches_golden(tables: Project, golden: Golden, size: tuple[int, int]) -> None:
    tables.write("004_fails.sql", "BEGIN;\nSELECT 1/0;\nCOMMIT;\n-- Rollback: none: it fails\n")
    async with tables.open(size) as screen:
        await screen.press("A")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("failed")
        with psycopg.connect(tables.targets[0].dsn, autocommit=True) as connection:
            connection.execute("UPDATE koonj.history SET finished = started + interval '0.25 s'")
        await screen.press("H")
        await screen.until("4 entries, newest first")
        await screen.pilot.pause()
        await golden(screen, f"target_history_{size[0]}")
        await screen.press("j", "enter")
        await screen.until("This machine has no journal of the run.")
        await screen.until("CREATE TABLE t3")
        await golden(screen, f"history_entry_{size[0]}")
