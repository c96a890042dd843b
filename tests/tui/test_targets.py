"""Targets: each asked by itself, the chosen one unmistakable."""

from __future__ import annotations

from support.screen import Project


async def test_each_target_says_where_it_leads_and_what_it_holds(three_targets: Project) -> None:
    three_targets.table(1)
    async with three_targets.open((100, 30)) as screen:
        local, staging, production, *_ = screen.targets()
        assert "local" in local
        assert "● ok  0 applied  1 pending" in local
        assert " ms  " in local
        assert " as postgres" in local
        assert "● ok" in staging
        assert "× unreachable  protected" in production


async def test_in_a_narrow_column_where_it_leads_stands_beneath(three_targets: Project) -> None:
    three_targets.table(1)
    async with three_targets.open((120, 30)) as screen:
        local, _, production, version, where, dsn = screen.targets()
        assert local == " ► local       ● ok  0 applied  1 pending"
        assert production == "   production  × unreachable  protected"
        assert version.startswith("   PostgreSQL ")
        assert version.endswith(" ms")
        assert where.endswith(" as postgres")
        assert "dbname=" in dsn
        await screen.press("3", "G")
        assert "refused" in " ".join(screen.targets())
        assert len(screen.targets()) == 6


async def test_one_that_cannot_be_reached_holds_nobody_up(three_targets: Project) -> None:
    three_targets.table(1)
    async with three_targets.open(answered=False) as screen:
        await screen.until(lambda: screen.main.snapshot.check.status is not None)
        assert "1 pending" in screen.top()


async def test_the_chosen_one_is_marked_in_words_here_and_in_the_first_line(three_targets: Project) -> None:
    async with three_targets.open() as screen:
        assert screen.targets()[0].startswith(" ► local")
        assert "chosen" in screen.targets()[0]
        assert "► local" in screen.top()
        await screen.press("t", "j", "enter")
        assert "► staging" in screen.targets()[1]
        assert "chosen" in screen.targets()[1]
        assert "chosen" not in screen.targets()[0]
        assert "► staging" in screen.top()


async def test_what_is_wrong_with_a_target_is_told_without_its_password(three_targets: Project) -> None:
    async with three_targets.open() as screen:
        await screen.press("3", "G")
        await screen.until("refused")
        assert "hunter2" not in screen.text()
        await screen.press("enter")
        assert "► production PROTECTED" in screen.top()
        assert "× unreachable" in screen.top()


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


async def test_a_key_that_cannot_be_used_says_why(three_targets: Project) -> None:
    async with three_targets.open() as screen:
        await screen.press("a")
        assert "Nothing is pending on local." in screen.bottom()
        await screen.press("r")
        assert "Nothing is applied on local." in screen.bottom()
        await screen.press("t", "G", "enter", "a")
        assert "production cannot be reached" in screen.bottom()
        await screen.press("c")
        assert "Nothing is running." in screen.bottom()


async def test_refresh_asks_again(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        before = screen.main.snapshot.check.status
        await screen.press("R")
        await screen.until(lambda: screen.main.snapshot.check.status is not before)
