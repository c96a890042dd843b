"""Draw the pictures of the documentation with the real program.

It uses the sample and a server of its own. Run it from the root: .venv/bin/python docs/screenshots.py
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

from koonj.config import Settings, Target, load
from koonj.postgres.connector import Connector
from koonj.tui.toolkit import capabilities

if TYPE_CHECKING:
    from textual.pilot import Pilot

DOCS = Path(__file__).parent
SAMPLE = DOCS.parent / "database"
SIZE = (120, 34)
SHOWN_TIME = datetime(2026, 8, 1, 14, 3, 59, tzinfo=UTC)
MAX_CHECKS = 1200
"""Number of checks, 20 per second, before the script gives up waiting for a text."""

TARGETS = """
[targets.local]
dsn = "embedded"
database = "ragqa"

[targets.staging]
dsn = "host=127.0.0.1 port=1 dbname=ragqa user=migrator"
protected = true
"""
INCOMPLETE_ROLLBACK = """-- 016_add_status_to_documents.sql
-- Workflow status of a document; every existing row is 'active'.
BEGIN;

ALTER TABLE documents ADD COLUMN IF NOT EXISTS status text DEFAULT 'active' NOT NULL;
CREATE INDEX documents_by_title ON documents (title);
ALTER TABLE documents ALTER COLUMN language SET DEFAULT 'en';

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE documents DROP COLUMN IF EXISTS status;
-- COMMIT;
"""
BY_HAND = (
    "CREATE INDEX documents_title_by_hand ON documents (title)",
    "ALTER TABLE users ALTER COLUMN language SET DEFAULT 'hi'",
    "COMMENT ON TABLE documents IS NULL",
    "CREATE TABLE notes_of_monday (id int, note text)",
)
"""Statements that change the target without a migration."""
NEW = "016_add_status_to_documents.sql"
BROKEN = """-- 016_add_status_to_documents.sql
-- Workflow status of a document; every existing row is 'active'.
BEGIN;

ALTER TABLE documents
    ADD COLUMN IF NOT EXISTS status integger DEFAULT 'active' NOT NULL;

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE documents DROP COLUMN IF EXISTS status;
-- COMMIT;
"""


async def _wait_for(pilot: Pilot[None], text: str) -> None:
    """Wait until the screen shows `text`."""
    from koonj.tui.toolkit.textual_private import screen_text

    for _ in range(MAX_CHECKS):
        await pilot.pause(0.05)
        if any(text in line for line in screen_text(pilot.app)):
            return
    seen = "\n".join(screen_text(pilot.app))
    raise SystemExit(f"the screen never showed {text!r}:\n{seen}")


async def _confirm(pilot: Pilot[None]) -> None:
    """Press y after a second, because koonj ignores a y that comes at once."""
    await pilot.pause(1)
    await pilot.press("y")


def _save_picture(pilot: Pilot[None], name: str) -> None:
    picture = pilot.app.export_screenshot(title="koonj")
    (DOCS / f"{name}.svg").write_text(picture, encoding="utf-8")
    print(f"docs/{name}.svg")


async def _draw_all(settings: Settings, folder: Path) -> None:
    from koonj.tui.app import Koonj
    from koonj.tui.workers.backend import Backend

    detected = capabilities.detect({}, encoding="utf-8", ascii_only=False)
    found = replace(detected, theme=capabilities.DARK_THEME, true_colour=True)
    async with Backend(settings, rehearses=True) as backend:
        app = Koonj(backend, found)
        async with app.run_test(size=SIZE) as pilot:
            await _draw_help(pilot)
            await _draw_verdicts(pilot, folder)
            await _draw_runs(pilot)
            await _draw_drift(pilot, settings.target)
            await _draw_editing(pilot, folder)
            await _draw_failures(pilot, folder)
            await _draw_themes(pilot)


async def _draw_help(pilot: Pilot[None]) -> None:
    """Draw help and command palette before any run."""
    await _wait_for(pilot, "15 pending")
    await pilot.press("question_mark")
    await _wait_for(pilot, "renumber")
    _save_picture(pilot, "help")
    await pilot.press("escape", "colon")
    await _wait_for(pilot, "apply-next")
    _save_picture(pilot, "commands")
    await pilot.press("escape")


async def _draw_verdicts(pilot: Pilot[None], folder: Path) -> None:
    """Draw the verdicts; one file has a rollback that misses two changes."""
    (folder / NEW).write_text(INCOMPLETE_ROLLBACK)
    await pilot.press("R")
    await _wait_for(pilot, "1 incomplete")
    await pilot.press("G")
    await _wait_for(pilot, NEW)
    _save_picture(pilot, "verdicts")
    await pilot.press("v", "v", "v", "v")
    await _wait_for(pilot, "Differences")
    await pilot.pause(0.5)
    _save_picture(pilot, "rehearsal")
    await pilot.press("v", "v", "g")
    (folder / NEW).unlink()
    await pilot.press("R")
    await _wait_for(pilot, "15 pending")


async def _draw_drift(pilot: Pilot[None], target: Target) -> None:
    """Draw the drift after changes without a migration."""
    async with Connector() as connector, await connector.connect(target, name="by hand") as conn:
        for statement in BY_HAND:
            await conn.execute(statement)
    await pilot.press("D")
    await _wait_for(pilot, "only on the target")
    await pilot.pause(0.5)
    await pilot.press("j")
    await pilot.pause(0.5)
    _save_picture(pilot, "drift")
    await pilot.press("escape")


async def _draw_runs(pilot: Pilot[None]) -> None:
    """Draw confirmation, runs and tabs: apply the sample, roll back one migration."""
    await pilot.press("A")
    await _wait_for(pilot, "n/Esc  cancel")
    _save_picture(pilot, "confirm")
    await _confirm(pilot)
    await _wait_for(pilot, "Applied 15 migrations")
    await pilot.press("r")
    await _wait_for(pilot, "n/Esc  cancel")
    await _confirm(pilot)
    await _wait_for(pilot, "Rolled back 1 migration")
    await pilot.press("G", "k", "k", "k", "k", "k")
    await _wait_for(pilot, "010_index_chunks_for_search.sql")
    _save_picture(pilot, "koonj")
    await pilot.press("v", "v")
    await pilot.pause(0.5)
    _save_picture(pilot, "statements")
    await pilot.press("v", "v", "v")
    await pilot.pause(0.5)
    _save_picture(pilot, "history")
    await pilot.press("v")
    await pilot.resize_terminal(80, 24)
    await _wait_for(pilot, "4 Run")
    _save_picture(pilot, "narrow")
    await pilot.resize_terminal(*SIZE)


async def _draw_editing(pilot: Pilot[None], folder: Path) -> None:
    """Draw the pattern palette and the editor."""
    await pilot.press("n")
    await _wait_for(pilot, "Add a column")
    _save_picture(pilot, "palette")
    await pilot.press("escape")
    (folder / NEW).write_text(BROKEN)
    await pilot.press("R")
    await _wait_for(pilot, "2 pending")
    await pilot.press("G")
    await _wait_for(pilot, NEW)
    await pilot.press("i")
    await _wait_for(pilot, "saved")
    await pilot.pause(0.5)
    _save_picture(pilot, "editor")
    await pilot.press("escape")


async def _draw_failures(pilot: Pilot[None], folder: Path) -> None:
    """Draw a failed run, and a file that was edited after it was applied."""
    await pilot.press("A")
    await _wait_for(pilot, "n/Esc  cancel")
    await _confirm(pilot)
    await _wait_for(pilot, "42704")
    _save_picture(pilot, "error")
    edited = folder / "010_index_chunks_for_search.sql"
    edited.write_text(edited.read_text().replace("CONCURRENTLY doc", "CONCURRENTLY IF NOT EXISTS doc"))
    await pilot.press("escape", "R", "1", "g", *"jjjjjjjjj", "2")
    await _wait_for(pilot, "✎ edited")
    await pilot.press("v", "v", "v")
    await _wait_for(pilot, "the text that ran, + the file now")
    await pilot.pause(0.5)
    _save_picture(pilot, "changes")


async def _draw_themes(pilot: Pilot[None]) -> None:
    """Draw the light theme, and the main screen in the dark one."""
    await pilot.press("left_square_bracket", "left_square_bracket", "left_square_bracket", "1")
    for theme in ("light", "terminal", "dark"):
        await pilot.press("colon", *"theme", "enter")
        await pilot.pause(0.5)
        if theme != capabilities.THEME:
            _save_picture(pilot, theme)


@contextmanager
def _pinned() -> Iterator[None]:
    """Fix what the screen takes from the machine, so that a picture changes only with the program.

    These are date, time zone, user and host.
    """
    os.environ["LOGNAME"] = "ada"
    os.environ["KOONJ_TRUST"] = "1"
    with (
        patch("koonj.humanize.local_time", lambda _: SHOWN_TIME),
        patch("socket.gethostname", lambda: "bastion"),
    ):
        yield


def main() -> None:
    """Draw all pictures in a temporary folder, with a copy of the sample."""
    with tempfile.TemporaryDirectory(prefix="koonj-") as place:
        os.environ["XDG_DATA_HOME"] = str(Path(place) / "data")
        os.environ["XDG_CACHE_HOME"] = str(Path(place) / "cache")
        folder = Path(place) / "database" / "migrations"
        shutil.copytree(SAMPLE / "migrations", folder)
        os.chdir(place)
        (Path(place) / "koonj.toml").write_text(TARGETS)
        shutil.copytree(SAMPLE / "patterns", folder.parent / "patterns")
        with _pinned():
            asyncio.run(_draw_all(load(Path(place), environ=os.environ), folder))


if __name__ == "__main__":
    main()
