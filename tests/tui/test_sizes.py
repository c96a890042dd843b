"""Every terminal size shows the target, its counts and the keys; long names are cut with an ellipsis."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from koonj.config import Target
from support.screen import Project
from tui.conftest import UNREACHABLE, short_dsn

LONG = "a-target-with-a-very-long-name-that-somebody-has-chosen-for-it"


@pytest.fixture
def twelve(tmp_path: Path, make_database: Callable[[], str]) -> Project:
    """Project with a protected target with a long name and eleven unreachable targets."""
    first = Target(LONG, short_dsn(make_database()), protected=True)
    return Project(tmp_path, first, *(Target(f"t{n}", UNREACHABLE) for n in range(1, 12)))


@pytest.mark.parametrize("size", [(200, 50), (120, 36), (80, 24), (60, 20), (80, 12), (40, 12)], ids=str)
async def test_every_size_shows_target_and_keys(twelve: Project, size: tuple[int, int]) -> None:
    for number in range(1, 30):
        twelve.write(
            f"{20240131093000 + number}_{'a_long_name_' * 9}.sql", "SELECT 1;\n-- Rollback: none: x\n"
        )
    async with twelve.open(size) as screen:
        lines = screen.lines()
        assert len(lines) == size[1]
        assert "► a-" in lines[0]
        assert "PROTECTED" in lines[0]
        assert "q quit" in lines[-1]
        assert "◦ pend" in screen.text()
        assert all("1 Migrations" not in line or "1 of 29" in line for line in lines)
        await screen.press("3")
        assert any("►" in line for line in screen.targets())
        await screen.press("4")
        assert "nothing has run yet" in screen.text()
        await screen.press("a")
        await screen.expect_dialog("Apply 1 migration")
        assert "Esc cancel" in screen.text()
        await screen.press("escape")
        await screen.expect_run("not confirmed")


async def test_counts_are_visible_next_to_a_long_target_name(twelve: Project) -> None:
    twelve.table(1)
    async with twelve.open((80, 24)) as screen:
        assert "… PROTECTED   0 applied  1 pending" in screen.top()


async def test_error_of_the_current_target_is_visible_at_any_position(twelve: Project) -> None:
    async with twelve.open((80, 24)) as screen:
        await screen.press("3", *"jjjjj")
        assert screen.targets()[-3:] != []
        assert "refused" in " ".join(screen.targets())
        assert any(line.startswith("›") and "t5" in line for line in screen.targets())
        await screen.press("g")
        assert "refused" not in " ".join(screen.targets())


async def test_end_of_a_timestamp_is_shown_when_it_does_not_fit(twelve: Project) -> None:
    twelve.write(f"20240131093059_{'name_' * 9}.sql", "SELECT 1;\n-- Rollback: none: x\n")
    async with twelve.open((80, 24)) as screen:
        assert "›…093059 name_name_name_… ◦ pending" in screen.migrations()[0]
        await screen.pilot.resize_terminal(160, 40)
        await screen.until("›20240131093059 name_name")
