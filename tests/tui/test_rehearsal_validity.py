"""When a verdict on the screen becomes invalid, and which stored ones are shown."""

from __future__ import annotations

from pathlib import Path

from koonj.tui.widgets.preview import Tab
from koonj.tui.workers import rehearsals
from support.recorded_rehearsals import RecordedRehearsals, rehearsal
from support.screen import Project, apply

# Invalid verdicts


async def test_changed_file_invalidates_its_verdict_and_later_ones(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        await screen.until("◕ lossy")
        recorded.pause_at("002_make_t2.sql")
        tables.write("002_make_t2.sql", "CREATE TABLE t2 ();\n-- Rollback:\n-- DROP TABLE t2;\n")
        await screen.until("▹ rehearsing")
        assert screen.row("001").endswith("◉ verified")
        assert screen.row("002").endswith("▹ rehearsing")
        assert screen.row("003").endswith("◦ pending")
        recorded.set_rehearsals(rehearsal("002_make_t2.sql"))
        recorded.resume("002_make_t2.sql")
        await screen.until("◕ lossy")
    assert recorded.requested_names[-1] == ["002_make_t2.sql", "003_make_t3.sql"]


async def test_rehearsal_restarts_when_its_file_changes(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    recorded.pause_at("001_make_t1.sql")
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        await screen.until("▹ rehearsing")
        tables.write("001_make_t1.sql", "CREATE TABLE t1 ();\n-- Rollback:\n-- DROP TABLE t1;\n")
        await screen.until(lambda: len(recorded.calls) >= 2)
        recorded.resume("001_make_t1.sql")
        await screen.until("◕ lossy")
        await screen.until(lambda: recorded.terminated_calls >= 1)


async def test_rehearsal_continues_when_a_later_file_is_added(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    recorded.pause_at("002_make_t2.sql")
    recorded.set_rehearsals(rehearsal("004_make_t4.sql"))
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        await screen.until("▹ rehearsing")
        tables.table(4)
        await screen.until("004 make_t4")
        assert screen.row("001").endswith("◉ verified")
        recorded.resume("002_make_t2.sql")
        await screen.until(lambda: screen.row("004").endswith("◉ verified"))
        assert recorded.terminated_calls == 0
    assert recorded.requested_names[1:] == [["004_make_t4.sql"]]


async def test_failed_rehearsal_shows_the_reason_and_is_not_retried(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    recorded.set_failure("There is no PostgreSQL to rehearse on.")
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        screen.main.preview.tab = Tab.REHEARSAL
        await screen.until("The rehearsal could not run: There is no")
        assert "There is no PostgreSQL to rehearse on. Press p to try again." in " ".join(
            screen.preview().split()
        )
        assert screen.row("001").endswith("◦ pending")
        await screen.pilot.pause(3 * rehearsals.PAUSE)
        assert len(recorded.calls) == 1
        recorded.set_failure(None)
        await screen.press("R")
        await screen.until("◕ lossy")


async def test_unexpected_output_of_the_process_is_an_error(tables: Project, tmp_path: Path) -> None:
    async with tables.open((140, 30), rehearses=True, program=("echo", "hello")) as screen:
        screen.main.preview.tab = Tab.REHEARSAL
        await screen.until("The rehearsal could not run: not an event:")
    async with tables.open((140, 30), rehearses=True, program=("true",)) as screen:
        screen.main.preview.tab = Tab.REHEARSAL
        await screen.until("The process of the rehearsal ended without a")
    async with tables.open((140, 30), rehearses=True, program=(str(tmp_path / "nowhere"),)) as screen:
        screen.main.preview.tab = Tab.REHEARSAL
        await screen.until("No such file")


# Stored verdicts


async def test_stored_verdicts_of_applied_migrations_are_shown_after_a_restart(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    async with tables.open((140, 30)) as screen:
        await apply(screen)
    recorded.set_cached("001_make_t1.sql", "003_make_t3.sql")
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        await screen.until("✓ applied  ◕ lossy")
        assert screen.row("001").endswith("✓ applied  ◉ verified")
        assert screen.row("002").endswith("✓ applied")
        await screen.pilot.pause(3 * rehearsals.PAUSE)
    assert recorded.requested_names == [], "an applied migration is not rehearsed by itself"
    (call,) = recorded.calls
    assert "--cached" in call


async def test_stored_verdicts_do_not_wait_for_the_rehearsals_of_the_pending_migrations(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    async with tables.open((140, 30)) as screen:
        await apply(screen, "a")
    recorded.set_cached("001_make_t1.sql", "003_make_t3.sql")
    recorded.pause_at("002_make_t2.sql")
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        await screen.until(lambda: bool(recorded.requested_names))
        assert screen.row("001").endswith("✓ applied  ◉ verified")
        assert screen.row("003").endswith("◦ pending  ◕ lossy"), "its verdict is stored too"
        recorded.resume("002_make_t2.sql")
        await screen.until(lambda: "002_make_t2.sql" in screen.main.snapshot.rehearsals.results)
        tables.write("004_new.sql", "CREATE TABLE t4 ();\n-- Rollback:\n-- DROP TABLE t4;\n")
        await screen.until(lambda: len(recorded.calls) > 2)
        assert screen.row("001").endswith("✓ applied  ◉ verified")
    assert recorded.requested_names == [["002_make_t2.sql"], ["004_new.sql"]]
    assert ["--cached" in call for call in recorded.calls] == [True, False, False]


async def test_missing_scratch_server_is_no_error_when_only_stored_verdicts_are_read(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    async with tables.open((140, 30)) as screen:
        await apply(screen)
    recorded.set_failure("No PostgreSQL server binaries were found on this machine.")
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        await screen.until(lambda: len(recorded.calls) == 1)
        await screen.pilot.pause(3 * rehearsals.PAUSE)
        assert "No PostgreSQL server binaries" not in screen.text()
