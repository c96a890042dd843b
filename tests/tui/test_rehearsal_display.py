"""How rehearsals and verdicts are shown."""

from __future__ import annotations

from psycopg import connect

from koonj.postgres.advisory_lock import LockHolder
from koonj.tui.widgets.preview import Tab
from support.recorded_rehearsals import RecordedRehearsals
from support.screen import Project, apply


async def test_only_the_current_migration_shows_rehearsing(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    recorded.pause_at("002_make_t2.sql")
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        await screen.until("▹ rehearsing")
        assert screen.row("001").endswith("◉ verified")
        assert screen.row("002").endswith("▹ rehearsing")
        assert screen.row("003").endswith("◦ pending")
        await screen.press("j")
        await screen.until("▹ rehearsing")
        screen.main.preview.tab = Tab.REHEARSAL
        await screen.until("Rehearsal in progress: koonj applies it")
        await screen.press("j")
        await screen.until("Waiting to be rehearsed. 2 migrations")
        recorded.resume("002_make_t2.sql")
        await screen.until("◕ lossy")


async def test_koonj_process_that_uses_the_scratch_server_is_named(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    recorded.set_holder(LockHolder(4259, "koonj rehearse", "local", "ada", None))
    recorded.pause_at("scratch")
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        screen.main.preview.tab = Tab.REHEARSAL
        await screen.until("another koonj process rehearses")
        assert "koonj rehearse (pid 4259, user ada, local)" in " ".join(screen.text().split())
        recorded.resume("scratch")
        await screen.until("◕ lossy")
        assert "another koonj process" not in screen.text()


async def test_row_shows_only_the_glyph_at_80_columns(tables: Project, recorded: RecordedRehearsals) -> None:
    async with tables.open((80, 24), rehearses=True, program=recorded.program) as screen:
        await screen.until("◕")
        assert screen.row("001").endswith("◦ pending  ◉")
        assert " ◉ verified: rollback restores the schema" in screen.preview()
        await screen.press("j")
        await screen.until("◔ incomplete: not everything undone")


async def test_filter_matches_verdicts(tables: Project, recorded: RecordedRehearsals) -> None:
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        await screen.until("◕ lossy")
        await screen.press("slash")
        await screen.type("incomplete")
        await screen.until(lambda: len(screen.migrations()) == 1)
        assert "make_t2" in screen.migrations()[0]
        await screen.type("x")
        await screen.until("None of 3 matches the filter in number,")
        assert "verdict. Press Esc to clear it." in screen.pane("1")[2]


async def test_kept_filter_includes_later_verdicts(tables: Project, recorded: RecordedRehearsals) -> None:
    recorded.pause_at("001_make_t1.sql")
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        await screen.until("▹ rehearsing")
        await screen.press("slash")
        await screen.type("verified")
        await screen.press("enter")
        assert "None of 3" in screen.pane("1")[1]
        recorded.resume("001_make_t1.sql")
        await screen.until(lambda: "make_t1" in "\n".join(screen.migrations()))
        assert len(screen.migrations()) == 1


async def test_first_line_counts_pending_migrations_that_are_not_verified(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        await screen.until("2 not verified: ◔ 002 incomplete, ◕ 003 lossy")
        await apply(screen)
        assert "not verified" not in screen.top()


async def test_first_line_shows_conflict_before_verdicts(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        await screen.until("not verified")
        with connect(tables.targets[0].dsn, autocommit=True):
            await apply(screen, "a")
        (tables.migrations / "001_make_t1.sql").unlink()
        await screen.until("∅ 001 missing")
        top = screen.top()
        await screen.until(lambda: "not verified" in screen.top())
        top = screen.top()
        assert top.index("∅ 001 missing") < top.index("not verified")
