"""Targets: each is asked separately, and the chosen one is clearly marked."""

from __future__ import annotations

from pathlib import Path

from psycopg.conninfo import make_conninfo

from koonj.config import Target
from support.screen import Project


async def test_target_shows_its_address_and_counts(three_targets: Project) -> None:
    three_targets.table(1)
    async with three_targets.open((100, 30)) as screen:
        local, staging, production, *_ = screen.targets()
        assert "local" in local
        assert "● ok  0 applied  1 pending" in local
        assert " ms  " in local
        assert " as postgres" in local
        assert "● ok" in staging
        assert "× unreachable  protected" in production


async def test_address_is_below_the_name_when_the_column_is_narrow(three_targets: Project) -> None:
    three_targets.table(1)
    async with three_targets.open((120, 30)) as screen:
        local, _, production, version, where, *more = screen.targets()
        assert local == " ► local       ● ok  0 applied  1 pending"
        assert production == "   production  × unreachable  protected"
        assert version.startswith("   PostgreSQL ")
        assert version.endswith(" ms")
        assert where.endswith(" as postgres")
        assert not any(text.strip() for text in more), "the dsn says no more than these"
        await screen.press("3", "G")
        assert "refused" in " ".join(screen.targets())
        assert len(screen.targets()) == 6


async def test_unreachable_target_does_not_delay_others(three_targets: Project) -> None:
    three_targets.table(1)
    async with three_targets.open(answered=False) as screen:
        await screen.until(lambda: screen.main.snapshot.check.status is not None)
        assert "1 pending" in screen.top()


async def test_chosen_target_is_marked_in_list_and_first_line(three_targets: Project) -> None:
    async with three_targets.open() as screen:
        assert screen.targets()[0].startswith(" ► local")
        assert "chosen" in screen.targets()[0]
        assert "► local" in screen.top()
        await screen.press("t", "j", "enter")
        assert "► staging" in screen.targets()[1]
        assert "chosen" in screen.targets()[1]
        assert "chosen" not in screen.targets()[0]
        assert "► staging" in screen.top()


async def test_target_error_is_shown_without_the_password(three_targets: Project) -> None:
    async with three_targets.open() as screen:
        await screen.press("3", "G")
        await screen.until("refused")
        assert "hunter2" not in screen.text()
        await screen.press("enter")
        assert "► production PROTECTED" in screen.top()
        assert "× unreachable" in screen.top()


async def test_refused_login_is_not_unreachable(tmp_path: Path, database: str) -> None:
    project = Project(tmp_path, Target("local", make_conninfo(database, dbname="nowhere")))
    project.table(1)
    async with project.open() as screen:
        assert "× login refused" in screen.targets()[0]
        assert "× login refused: " in screen.top()
        assert "unreachable" not in screen.text()
        await screen.press("a")
        assert " ! local cannot be used: " in screen.text()


async def test_states_are_those_of_the_chosen_target(three_targets: Project) -> None:
    three_targets.table(1)
    async with three_targets.open() as screen:
        await screen.press("a")
        await screen.expect_dialog("local")
        await screen.yes()
        await screen.expect_run("done")
        assert "✓ applied" in screen.row("make_t1")
        await screen.press("t", "j", "enter")
        assert "◦ pending" in screen.row("make_t1")
        await screen.press("G", "enter")
        assert "? unknown" in screen.row("make_t1")


async def test_unavailable_key_shows_the_reason(three_targets: Project) -> None:
    async with three_targets.open() as screen:
        await screen.press("a")
        assert "Nothing is pending on local." in screen.bottom()
        await screen.press("r")
        assert "Nothing is applied on local." in screen.bottom()
        await screen.press("t", "G", "enter", "a")
        assert " ! production cannot be reached" in screen.text()
        await screen.press("c")
        assert "Nothing is running." in screen.bottom()


async def test_refresh_asks_the_target_again(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        before = screen.main.snapshot.check.status
        await screen.press("R")
        await screen.until(lambda: screen.main.snapshot.check.status is not before)
