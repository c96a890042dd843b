"""Changes of the target and the folder by others appear without a key, and old content is marked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from koonj.config import Target
from koonj.postgres.advisory_lock import KEY
from koonj.postgres.connector import Connector
from koonj.runner.run.direction import Direction
from koonj.runner.run.request import Extent
from koonj.tui.workers import watcher
from support import project as projects
from support.screen import Project


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher, "TARGET_INTERVAL", 0.1)
    monkeypatch.setattr(watcher, "RUN_INTERVAL", 0.1)
    monkeypatch.setattr(watcher, "INTERVAL_FACTOR", 1)


async def elsewhere(project: Project, direction: Direction) -> None:
    """Apply or roll back in another koonj process."""
    async with Connector() as connector:
        other = projects.Project(project.migrations, project.targets[0], connector)
        await other.run(direction, extent=Extent.ALL)


@contextmanager
def locked(dsn: str) -> Iterator[None]:
    """Hold the koonj lock as another run does."""
    with psycopg.connect(dsn, autocommit=True, application_name="koonj of ada") as other:
        other.execute("SELECT pg_advisory_lock(%s)", (KEY,))
        yield


async def test_changes_of_another_process_appear(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        assert "◦ pending" in screen.row("make_t1")
        await elsewhere(project, Direction.APPLY)
        await screen.until("✓ applied")
        await screen.until("1 applied  nothing pending")
        await elsewhere(project, Direction.ROLLBACK)
        await screen.until("◦ pending")


async def test_run_of_another_process_appears_with_its_holder(project: Project, database: str) -> None:
    async with project.open((120, 30)) as screen:
        assert "run in progress" not in screen.text()
        with locked(database):
            await screen.until("run in progress: koonj of ada (pid ")
        await screen.until(lambda: "run in progress" not in screen.text())


async def test_automatic_read_changes_nothing_when_the_target_is_unchanged(
    project: Project,
) -> None:
    project.table(1)
    async with project.open() as screen:
        status = screen.main.snapshot.check.status
        asked: list[object] = []
        ask = screen.main.backend.read_status

        async def counted(*values: object) -> object:
            asked.append(values)
            return await ask(*values)  # type: ignore[arg-type] # passed on unchanged

        screen.main.backend.read_status = counted  # type: ignore[method-assign, assignment] # it counts
        await screen.until(lambda: len(asked) > 2)
        assert screen.main.snapshot.check.status is status
        assert screen.main.snapshot.check.since is None


async def test_server_that_goes_away_and_returns_is_shown(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        ask, good = screen.main.backend.read_status, project.targets[0]
        away = Target("local", "host=127.0.0.1 port=1 connect_timeout=2")

        async def to_nowhere(target: Target, folder: object) -> object:
            return await ask(away, folder)  # type: ignore[arg-type] # passed on unchanged

        screen.main.backend.read_status = to_nowhere  # type: ignore[method-assign, assignment] # the server is away
        await screen.until("× unreachable")
        assert "? unknown" in screen.row("make_t1")
        screen.main.backend.read_status = ask  # type: ignore[method-assign] # it is back
        await screen.until("◦ pending")
        assert good.name in screen.top()


async def test_renamed_folder_is_shown_until_it_returns(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root)
    project.table(1)
    async with project.open((100, 30)) as screen:
        away = project.migrations.with_name("elsewhere")
        project.migrations.rename(away)
        await screen.until("The list is out of date.")
        await screen.press("j", "k")
        head = " ".join(" ".join(line.removeprefix("   ") for line in screen.pane("1")).split())
        assert "database/migrations: the migrations folder cannot be read" in head
        await screen.press("a")
        assert "cannot be read" in " ".join(screen.lines()[-3:])
        assert not screen.main.control.running
        away.rename(project.migrations)
        await screen.until(lambda: "The list is out of date." not in screen.text())
        assert "◦ pending" in screen.row("make_t1")


async def test_selection_moves_when_the_selected_file_is_deleted(project: Project) -> None:
    for number in (1, 2, 3):
        project.table(number)
    async with project.open() as screen:
        await screen.press("j")
        (project.migrations / "002_make_t2.sql").unlink()
        await screen.until(lambda: len(screen.migrations()) == 2)
        assert screen.row("make_t3").startswith("›")
        await screen.until("003_make_t3.sql  ◦ pending")


async def test_empty_folder_shows_what_to_do(project: Project) -> None:
    async with project.open() as screen:
        assert "No migrations yet in" in screen.pane("1")[1]
        assert "Press n to create one." in " ".join(" ".join(screen.pane("1")).split())


async def test_files_that_cannot_be_listed_are_named(project: Project) -> None:
    project.write("12-bad.sql", "SELECT 1;\n")
    project.write("13-bad.sql", "SELECT 1;\n")
    async with project.open() as screen:
        await screen.press("j", "k", "escape")
        head = " ".join(" ".join(screen.pane("1")).split())
        assert "! 12-bad.sql:" in head
        assert "2 files are ignored." in head
        await screen.press("a")
        assert "Nothing is pending on local." in screen.bottom()


async def test_folder_that_was_slow_once_is_read_again_soon(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system that hangs for ten seconds does not hide new files for five minutes."""
    monkeypatch.setattr(watcher, "INTERVAL_FACTOR", 1_000_000)
    monkeypatch.setattr(watcher, "MAX_INTERVAL", 0.1)
    async with project.open() as screen:
        project.table(1)
        await screen.until("make_t1")
