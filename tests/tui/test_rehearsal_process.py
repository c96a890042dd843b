"""The whole way: files, koonj's own commands in processes, a scratch server, verdicts, drift."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import monotonic

import psycopg
import pytest

from support.pty_terminal import configure
from support.screen import Project, Screen

PATIENCE = 120.0
"""Seconds in which a server can be created with the lowest priority on a busy machine."""

FORGETS_THE_INDEX = """
    BEGIN;
    ALTER TABLE t1 ADD COLUMN name text;
    CREATE INDEX t1_id_name ON t1 (id);
    COMMIT;

    -- Rollback:
    -- BEGIN;
    -- ALTER TABLE t1 DROP COLUMN name;
    -- COMMIT;
    """


async def until(screen: Screen, seen: Callable[[], bool]) -> None:
    end = monotonic() + PATIENCE
    while not seen():
        assert monotonic() < end, screen.text()
        await screen.pilot.pause(0.05)


async def test_screen_shows_verdicts_and_drift_of_real_processes(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATA", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    project.table(1)
    project.write("002_add_name.sql", FORGETS_THE_INDEX)
    configure(project)
    async with project.open((140, 40), rehearses=True) as screen:
        await until(screen, lambda: "◔ incomplete" in screen.row("002"))
        assert screen.row("001").endswith("◦ pending  ◉ verified")
        assert "◔ 002 incomplete" in screen.top()
        await screen.press("j", "2", "v", "v", "v", "v")
        await screen.until("index public.t1_id_name is not removed")
        await screen.until("+ CREATE INDEX t1_id_name ON public.t1")
        await screen.press("plus", "G")
        await screen.until("ACCESS EXCLUSIVE t1")
        await screen.press("plus", "1", "A")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("done")
        with psycopg.connect(project.targets[0].dsn, autocommit=True) as connection:
            connection.execute("DROP INDEX t1_id_name")
            connection.execute("CREATE TABLE by_hand (n int)")
        await screen.press("D")
        await until(screen, lambda: "only on the target" in screen.text())
        assert "+ 1 only on the target   - 1 only in the files   ~ 0 differ" in screen.text()
        assert "table public.by_hand" in screen.text()
        assert "index public.t1_id_name" in screen.text()
