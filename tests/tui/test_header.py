"""The first line: concerns first, then the counts, then folder and branch if they fit."""

from __future__ import annotations

import pytest
from psycopg import connect

from koonj.config import Target
from koonj.migrations.migration_status import DECISIVE
from koonj.migrations.states import State
from koonj.postgres.advisory_lock import KEY
from koonj.runner.rehearse.verdict import Verdict
from koonj.tui.render.headline import WEIGHTS, Concern, Weight, fit_concerns
from koonj.tui.toolkit.capabilities import Terminal
from support.recorded_rehearsals import RecordedRehearsals, rehearsal
from support.screen import Project, Screen
from tui.conftest import UNREACHABLE

FAILS = "BEGIN;\nSELECT 1/0;\nCOMMIT;\n-- Rollback: none: it reads\n"


async def apply_all(screen: Screen, result: str = "done") -> None:
    await screen.press("A")
    await screen.expect_dialog("Apply")
    await screen.yes()
    await screen.expect_run(result)


async def test_counts_are_shown_without_concerns_when_all_is_well(project: Project) -> None:
    project.table(1)
    async with project.open((80, 24)) as screen:
        assert screen.top().startswith("  ► local   0 applied  1 pending ")
        await apply_all(screen)
        assert screen.top().startswith("  ► local   1 applied  nothing pending ")


async def test_empty_folder_shows_no_migrations(project: Project) -> None:
    async with project.open((80, 24)) as screen:
        assert "► local   no migrations" in screen.top()


async def test_failed_migration_is_named(project: Project) -> None:
    project.table(1)
    project.write("002_fails.sql", FAILS)
    async with project.open((80, 24)) as screen:
        await apply_all(screen, "failed")
        assert "► local   ✗ 002 failed  1 applied  1 pending" in screen.top()


@pytest.mark.parametrize(
    ("theme", "before", "after"),
    [
        ("dark", "↯ 2 broken   ◦ 2 pending", "✗ 1 failed   ↯ 1 broken   ◦ 2 pending"),
        (
            "terminal",
            "local   2 not verified: ↯ 001 broken, ↯ 002 broken",
            "✗ 001 failed  ↯ 002 broken  0 applied",
        ),
    ],
)
async def test_failed_migration_is_not_counted_as_broken_too(
    project: Project, recorded: RecordedRehearsals, theme: str, before: str, after: str
) -> None:
    project.write("001_fails.sql", FAILS)
    project.write("002_fails_later.sql", FAILS)
    recorded.set_rehearsals(
        rehearsal("001_fails.sql", Verdict.BROKEN, "The migration fails."),
        rehearsal("002_fails_later.sql", Verdict.BROKEN, "The migration fails."),
    )
    async with project.open(
        (120, 36), Terminal(theme=theme), rehearses=True, program=recorded.program
    ) as screen:
        await screen.until(before)
        await apply_all(screen, "failed")
        await screen.until(after)


async def test_conflicts_are_counted_and_named(project: Project) -> None:
    for number in (2, 3, 4):
        project.table(number)
    async with project.open((120, 24)) as screen:
        await apply_all(screen)
        project.write("002_make_t2.sql", "SELECT 2;\n-- Rollback: none: it reads\n")
        await screen.until("✎ 002 edited")
        assert "► local   ✎ 002 edited  3 applied  nothing pending" in screen.top()
        (project.migrations / "004_make_t4.sql").unlink()
        await screen.until("2 conflicts: ✎ 002 edited, ∅ 004 missing")
        project.table(1)
        await screen.until("3 conflicts: ◂ 001 late, ✎ 002 edited, ∅ 004 missing")
        assert "3 applied  1 pending" in screen.top()
        await screen.pilot.resize_terminal(80, 24)
        await screen.until(lambda: len(screen.lines()) == 24)
        assert "3 conflicts: " in screen.top()
        assert "3 applied  1 pending" in screen.top()


async def test_unreachable_target_shows_reason_without_password(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    target = Target("production", UNREACHABLE, protected=True)
    project = Project(tmp_path_factory.mktemp("away"), target)
    async with project.open((80, 24)) as screen:
        assert "► production PROTECTED   × unreachable: " in screen.top()
        assert "hunter2" not in screen.text()
        assert "applied" not in screen.top()


async def test_missing_folder_and_ignored_files_are_shown(project: Project) -> None:
    project.write("1_no_number.sql", "SELECT 1;\n")
    project.table(2)
    async with project.open((120, 24)) as screen:
        assert "! 1 file ignored: 1_no_number.sql  0 applied  1 pending" in screen.top()
        project.migrations.rename(project.root / "elsewhere")
        await screen.until("! folder cannot be read")


async def test_run_of_another_session_is_shown(project: Project, database: str) -> None:
    project.table(1)
    with connect(database, autocommit=True, application_name="koonj of ada") as other:
        other.execute("SELECT pg_advisory_lock(%s)", (KEY,))
        async with project.open((120, 24)) as screen:
            assert "run in progress: koonj of ada" in screen.top()
            assert "0 applied  1 pending" in screen.top()


async def test_folder_and_branch_are_at_the_right_and_cut_first(project: Project) -> None:
    project.table(1)
    (project.root / ".git").mkdir()
    (project.root / ".git" / "HEAD").write_text("ref: refs/heads/add-status\n")
    async with project.open((200, 50)) as screen:
        await screen.until("database/migrations on add-status")
        assert screen.top().endswith("database/migrations on add-status")
        (project.root / ".git" / "HEAD").write_text("0123456789" * 4 + "\n")
        await screen.until("on 01234567")
        await screen.pilot.resize_terminal(60, 20)
        await screen.until(lambda: len(screen.lines()) == 20)
        assert screen.top().endswith("…/migrations on 01234567")
        await screen.pilot.resize_terminal(54, 20)
        await screen.until(lambda: len(screen.top()) < 55)
        assert screen.top() == "  ► local   0 applied  1 pending      branch 01234567"
        await screen.pilot.resize_terminal(40, 12)
        await screen.until(lambda: len(screen.lines()) == 12)
        assert screen.top() == "  ► local   0 applied  1 pending"


def concern(weight: Weight, short: str, more: str = "") -> Concern:
    return Concern(weight, short, more)


def shown(room: int, *found: Concern) -> str:
    return "".join(text for text, _ in fit_concerns(found, room)).rstrip()


def test_first_concern_is_explained_before_others_are_shown() -> None:
    two = (
        concern(Weight.FAILED, "✗ 2 failed", "✗ 001 failed, ✗ 002 failed"),
        concern(Weight.CONFLICT, "2 conflicts", "✎ 003 edited, ∅ 004 missing"),
    )
    assert (
        shown(200, *two) == "✗ 2 failed: ✗ 001 failed, ✗ 002 failed  2 conflicts: ✎ 003 edited, ∅ 004 missing"
    )
    assert shown(52, *two) == "✗ 2 failed: ✗ 001 failed, ✗ 002 failed  2 conflicts"
    assert shown(24, *two) == "✗ 2 failed  2 conflicts"
    assert shown(12, *two) == "✗ 2 failed"
    assert shown(1, *two) == "✗ 2 failed"


def test_every_conflict_state_has_a_weight() -> None:
    assert set(WEIGHTS) == {*DECISIVE, State.FAILED} - {State.RUNNING}  # the run itself is named
