"""Runs that cannot start, must wait, are refused or break: what the screen shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.postgres.advisory_lock import KEY
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.runner.run.request import Request
from koonj.runner.run.run import Run
from support.screen import Project, Screen

SLEEP = "SELECT pg_sleep(30);\n-- Rollback: none: it sleeps\n"


@contextmanager
def session(dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(dsn, autocommit=True, application_name="koonj of ada") as other:
        yield other


def end_others(dsn: str) -> None:
    """Terminate all other sessions of the database, as a shutdown does."""
    with session(dsn) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


async def begin(screen: Screen) -> None:
    await screen.press("a")
    await screen.expect_dialog()
    await screen.yes()


async def test_run_waits_for_the_koonj_lock_and_names_the_holder(project: Project, database: str) -> None:
    project.table(1)
    async with project.open() as screen:
        with session(database) as other:
            other.execute("SELECT pg_advisory_lock(%s)", (KEY,))
            await begin(screen)
            await screen.until("waiting for the koonj lock for 0:0")
            assert "held by koonj of ada (pid " in " ".join(screen.run().split())
        await screen.expect_run("done")
        assert "lock acquired after" in screen.run()


async def test_waiting_for_the_lock_can_be_cancelled(project: Project, database: str) -> None:
    project.table(1)
    async with project.open() as screen:
        with session(database) as other:
            other.execute("SELECT pg_advisory_lock(%s)", (KEY,))
            await begin(screen)
            await screen.until("waiting for the koonj lock for 0:0")
            await screen.cancel_run()
            await screen.expect_run("cancelled")


async def test_run_ends_when_the_lock_is_not_released(project: Project, database: str) -> None:
    project.table(1)
    async with project.open() as screen:
        start = screen.main.backend.start_run

        async def impatient(target: Target, request: Request) -> Run:
            return await start(target, replace(request, wait=0.0))

        screen.main.backend.start_run = impatient  # type: ignore[method-assign] # only the patience differs
        with session(database) as other:
            other.execute("SELECT pg_advisory_lock(%s)", (KEY,))
            await begin(screen)
            await screen.expect_run("locked:")
        assert screen.main.view is not None
        assert screen.main.view.has_problem


async def test_unreachable_server_at_start_is_shown(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        start = screen.main.backend.start_run

        async def elsewhere(_: Target, request: Request) -> Run:
            return await start(Target("local", "host=127.0.0.1 port=1 connect_timeout=2"), request)

        screen.main.backend.start_run = elsewhere  # type: ignore[method-assign, assignment] # the server is unreachable
        await screen.press("a")
        await screen.expect_run("failed")
        assert "refused" in screen.run()
        assert "committed" not in screen.run()


async def test_defect_at_start_is_shown(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:

        async def broken(_: Target, __: Request) -> Run:
            raise RuntimeError("no wheels")

        screen.main.backend.start_run = broken  # type: ignore[method-assign, assignment] # a defect
        await screen.press("a")
        await screen.expect_run("koonj failed: RuntimeError: no wheels")
        await screen.press("escape")
        assert len(screen.pane("4")) == 1


async def test_lost_server_during_the_run_is_shown(project: Project, database: str) -> None:
    project.write("001_sleep.sql", SLEEP)
    async with project.open((100, 40)) as screen:
        await begin(screen)
        await screen.until("statement 1 of 1")
        end_others(database)
        await screen.expect_run("failed")
        assert "001_sleep.sql" in screen.run()
        await screen.until("1 pending")


async def test_session_that_ends_during_the_confirmation_is_replaced(project: Project, database: str) -> None:
    project.table(1)
    async with project.open() as screen:
        await screen.press("a")
        await screen.expect_dialog()
        end_others(database)
        await screen.yes()
        await screen.expect_run("done")


async def test_lost_server_during_the_confirmation_is_shown(
    project: Project, server: TemporaryServer, database: str
) -> None:
    project.table(1)
    async with project.open() as screen:
        await screen.press("a")
        await screen.expect_dialog()
        with psycopg.connect(server.dsn(), autocommit=True) as conn:
            name = str(conninfo_to_dict(database)["dbname"])
            conn.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
            conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        await screen.yes()
        await screen.expect_run("failed")
        assert "not currently accepting connections" in " ".join(screen.text().split())


async def test_open_dialog_follows_the_terminal_size(project: Project) -> None:
    for number in range(1, 30):
        project.table(number)
    async with project.open((120, 36)) as screen:
        await screen.press("A")
        await screen.expect_dialog("029_make_t29.sql")
        for size in ((80, 24), (200, 50), (40, 12), (80, 24)):
            await screen.pilot.resize_terminal(*size)
            await screen.pilot.pause()
            box = [line for line in screen.lines() if "│" in line or "┌" in line or "└" in line]
            assert any("┌" in line for line in box)
            assert any("└" in line for line in box)
            assert "y apply" in screen.text()
            assert "Apply 29 migrations" in screen.text()
        await screen.press("n")
        await screen.expect_run("not confirmed")


async def test_partly_committed_migration_can_be_rolled_back(project: Project, database: str) -> None:
    project.write(
        "001_steps.sql",
        """
        CREATE TABLE half (id int);
        CREATE INDEX CONCURRENTLY i ON nowhere (id);

        -- Rollback:
        -- DROP TABLE half;
        """,
    )
    async with project.open() as screen:
        await begin(screen)
        await screen.expect_run("failed")
        await screen.until("✗ failed")
        assert "0 applied" in screen.top()
        await screen.press("r")
        await screen.expect_dialog("Roll back 1 migration on local?", "drop table half")
        await screen.yes()
        await screen.expect_run("done")
    with session(database) as other:
        assert other.execute("SELECT to_regclass('half')").fetchone() == (None,)


async def test_conflict_that_cannot_be_allowed_opens_no_dialog(project: Project) -> None:
    project.write("001_open.sql", "BEGIN;\nSELECT 1;\n-- Rollback: none: it reads\n")
    async with project.open((100, 40)) as screen:
        await screen.press("a")
        await screen.expect_run("refused")
        assert screen.app.screen is screen.main
        assert "001_open.sql" in screen.run()


async def test_several_conflicts_are_allowed_one_after_the_other(project: Project) -> None:
    project.table(2)
    async with project.open((100, 40)) as screen:
        await begin(screen)
        await screen.expect_run("done")
        path = project.migrations / "002_make_t2.sql"
        path.write_text(path.read_text().replace("id int", "id bigint"))
        project.table(1)
        await screen.until("◂ late")
        await screen.until("✎ edited")
        await screen.press("a")
        await screen.expect_dialog("Conflict 1 of 2", "002_make_t2.sql: edited")
        await screen.type("  ")
        await screen.press("enter")
        await screen.until("Enter a reason, or press Esc")
        await screen.type("both")
        await screen.press("enter")
        await screen.expect_dialog(
            "Conflict 2 of 2", "001_make_t1.sql: late", "F2 gives the same reason again: both"
        )
        await screen.press("f2")
        await screen.until("Apply 1 migration to local?")
        await screen.expect_dialog(
            "   ✎ 002  edited  both",
            "   ◂ 001  late    both",
        )
        assert screen.text().count("allowed (recorded in the history):") == 1
        await screen.yes()
        await screen.expect_run("done")


async def test_lock_timeout_is_retried_and_shown(project: Project, database: str) -> None:
    project.table(1)
    project.write(
        "002_alter.sql",
        """
        -- 002_alter.sql
        -- koonj: lock_timeout 100ms
        -- koonj: retries 20
        BEGIN;
        ALTER TABLE t1 ADD COLUMN a int;
        COMMIT;
        -- Rollback: none: a test
        """,
    )
    async with project.open((100, 40)) as screen:
        await begin(screen)
        await screen.expect_run("done")
        with session(database) as other, other.transaction():
            other.execute("LOCK TABLE t1 IN ACCESS SHARE MODE")
            await begin(screen)
            await screen.until("rolled back; attempt 2 of")
        await screen.expect_run("done")
        assert "✓ applied" in screen.row("alter")


async def test_run_is_refused_when_files_change_during_the_confirmation(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        await screen.press("a")
        await screen.expect_dialog()
        project.write("001_make_t1.sql", "SELECT 1;\n-- Rollback: none: it reads\n")
        await screen.until(lambda: _text(screen.main.snapshot.folder) == "SELECT 1;")
        await screen.yes()
        await screen.until(lambda: screen.main.view is not None and not screen.main.view.running)
        assert "changed" in screen.run()
        await screen.until("◦ pending")


def _text(folder: Folder | None) -> str:
    return folder.migrations[0].text.splitlines()[0] if folder and folder.migrations else ""
