"""The first line says how far the background rehearsals are, and what they wait for."""

from __future__ import annotations

import pytest

from koonj.postgres.advisory_lock import LockHolder
from koonj.tui.workers import rehearsals
from support.recorded_rehearsals import RecordedRehearsals
from support.screen import Project

OTHER = LockHolder(4259, "koonj rehearse", "bastion", "ada", None)


async def test_first_line_has_the_number_of_the_rehearsal(
    tables: Project, recorded: RecordedRehearsals
) -> None:
    recorded.pause_at("002_make_t2.sql")
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        await screen.until(lambda: "rehearsing 2 of 3" in screen.top())
        assert "database/migrations" in screen.top() or "…" in screen.top()
        recorded.resume("002_make_t2.sql")
        await screen.until("◕ lossy")
        await screen.until(lambda: "rehearsing" not in screen.top())


async def test_number_includes_the_migrations_of_the_next_process(
    tables: Project, recorded: RecordedRehearsals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsals, "MAX_NAMES", 2)
    recorded.pause_at("001_make_t1.sql")
    async with tables.open((140, 30), rehearses=True, program=recorded.program) as screen:
        await screen.until(lambda: "rehearsing 1 of 3" in screen.top())
        recorded.resume("001_make_t1.sql")
        await screen.until("◕ lossy")


@pytest.mark.parametrize(
    ("width", "words"), [(100, "rehearsal waits"), (250, "on which another koonj process rehearses: ")]
)
async def test_first_line_says_what_the_rehearsal_waits_for(
    tables: Project, recorded: RecordedRehearsals, width: int, words: str
) -> None:
    recorded.set_holder(OTHER)
    recorded.pause_at("scratch")
    async with tables.open((width, 30), rehearses=True, program=recorded.program) as screen:
        await screen.until(lambda: words in screen.top())
        recorded.resume("scratch")
        await screen.until("◕")
        await screen.until(lambda: words not in screen.top())
