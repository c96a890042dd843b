"""Makes the pictures of the documentation from the real program, on the sample and a real server.

.venv/bin/python docs/screenshots.py
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from koonj.config import Settings, Target, load
from koonj.postgres.connector import Connector
from koonj.tui.toolkit import capabilities

if TYPE_CHECKING:
    from textual.pilot import Pilot

DOCS = Path(__file__).parent
SAMPLE = DOCS.parent / "database"
SIZE = (120, 34)
PATIENCE = 1200
"""How often to look whether the screen has come so far, twenty times a second."""

TARGETS = """
[targets.local]
dsn = "embedded"
database = "ragqa"

[targets.staging]
dsn = "host=127.0.0.1 port=1 dbname=ragqa user=migrator"
protected = true
"""
FORGETFUL = """-- 016_add_status_to_documents.sql
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
"""What somebody did in a hurry, and no file says."""
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


async def _until(pilot: Pilot[None], text: str) -> None:
    """Wait until the screen shows a text."""
    from koonj.tui.toolkit.textual_private import screen_text

    for _ in range(PATIENCE):
        await pilot.pause(0.05)
        if any(text in line for line in screen_text(pilot.app)):
            return
    seen = "\n".join(screen_text(pilot.app))
    raise SystemExit(f"the screen never showed {text!r}:\n{seen}")


async def _yes(pilot: Pilot[None]) -> None:
    """As a person who has read the plan: a y that comes at once does not count."""
    await pilot.pause(1)
    await pilot.press("y")


def _keep(pilot: Pilot[None], name: str) -> None:
    picture = pilot.app.export_screenshot(title="koonj")
    (DOCS / f"{name}.svg").write_text(picture, encoding="utf-8")
    print(f"docs/{name}.svg")


async def _tour(settings: Settings, folder: Path) -> None:
    from koonj.tui.app import Koonj
    from koonj.tui.workers.backend import Backend

    found = capabilities.detect(os.environ, encoding="utf-8", ascii_only=False)
    async with Backend(settings, rehearses=True) as backend:
        app = Koonj(backend, found)
        async with app.run_test(size=SIZE) as pilot:
            await _reading(pilot)
            await _rehearsing(pilot, folder)
            await _applying(pilot)
            await _drifting(pilot, settings.target)
            await _writing(pilot, folder)
            await _failing(pilot, folder)
            await _looking(pilot)


async def _reading(pilot: Pilot[None]) -> None:
    """Before anything has run."""
    await _until(pilot, "15 pending")
    await pilot.press("question_mark")
    await _until(pilot, "Apply and roll back")
    _keep(pilot, "help")
    await pilot.press("escape", "colon")
    await _until(pilot, "apply-next")
    _keep(pilot, "commands")
    await pilot.press("escape")


async def _rehearsing(pilot: Pilot[None], folder: Path) -> None:
    """All that is pending, and a file whose rollback forgets two things."""
    (folder / NEW).write_text(FORGETFUL)
    await pilot.press("R")
    await _until(pilot, "◔ 016 incomplete")
    await pilot.press("G")
    await _until(pilot, NEW)
    _keep(pilot, "verdicts")
    await pilot.press("v", "v", "v", "v")
    await _until(pilot, "What differs")
    await pilot.pause(0.5)
    _keep(pilot, "rehearsal")
    await pilot.press("v", "v", "g")
    (folder / NEW).unlink()
    await pilot.press("R")
    await _until(pilot, "15 pending")


async def _drifting(pilot: Pilot[None], target: Target) -> None:
    """What was done by hand."""
    async with Connector() as connector, await connector.connect(target, name="by hand") as conn:
        for statement in BY_HAND:
            await conn.execute(statement)
    await pilot.press("D")
    await _until(pilot, "only the target has")
    await pilot.pause(0.5)
    await pilot.press("j")
    await pilot.pause(0.5)
    _keep(pilot, "drift")
    await pilot.press("escape")


async def _applying(pilot: Pilot[None]) -> None:
    """All of the sample, and the last one back; a protected target."""
    await pilot.press("A")
    await _until(pilot, "yes, do it")
    _keep(pilot, "confirm")
    await _yes(pilot)
    await _until(pilot, "Applied 15 migrations")
    await pilot.press("r")
    await _until(pilot, "yes, do it")
    await _yes(pilot)
    await _until(pilot, "Rolled back 1 migration")
    await pilot.press("G", "k", "k", "k", "k", "k")
    await _until(pilot, "010_index_chunks_for_search.sql")
    _keep(pilot, "koonj")
    await pilot.press("v", "v")
    await _until(pilot, "[Statements]")
    _keep(pilot, "statements")
    await pilot.press("v", "v", "v")
    await _until(pilot, "[History]")
    await _until(pilot, "applied")
    _keep(pilot, "history")
    await pilot.press("v")
    await pilot.resize_terminal(80, 24)
    await _until(pilot, "4 Run")
    _keep(pilot, "narrow")
    await pilot.resize_terminal(*SIZE)


async def _writing(pilot: Pilot[None], folder: Path) -> None:
    """A pattern, and koonj's own editor."""
    await pilot.press("n")
    await _until(pilot, "Add a column")
    _keep(pilot, "palette")
    await pilot.press("escape")
    (folder / NEW).write_text(BROKEN)
    await pilot.press("R")
    await _until(pilot, "2 pending")
    await pilot.press("G")
    await _until(pilot, NEW)
    await pilot.press("i")
    await _until(pilot, "saved")
    await pilot.pause(0.5)
    _keep(pilot, "editor")
    await pilot.press("escape")


async def _failing(pilot: Pilot[None], folder: Path) -> None:
    """An error, and a file that was changed after it ran."""
    await pilot.press("A")
    await _until(pilot, "yes, do it")
    await _yes(pilot)
    await _until(pilot, "42704")
    _keep(pilot, "error")
    edited = folder / "010_index_chunks_for_search.sql"
    edited.write_text(edited.read_text().replace("CONCURRENTLY doc", "CONCURRENTLY IF NOT EXISTS doc"))
    await pilot.press("escape", "R", "1", "g", *"jjjjjjjjj", "2")
    await _until(pilot, "✎ edited")
    await pilot.press("v", "v", "v")
    await _until(pilot, "IF NOT EXISTS d")
    await pilot.pause(0.5)
    _keep(pilot, "changes")


async def _looking(pilot: Pilot[None]) -> None:
    """koonj's own colours."""
    await pilot.press("left_square_bracket", "left_square_bracket", "left_square_bracket", "1")
    for theme in ("dark", "light"):
        await pilot.press("colon", *"theme", "enter")
        await pilot.pause(0.5)
        _keep(pilot, theme)


def main() -> None:
    """Copy the sample, and walk through it with an embedded server of its own."""
    with tempfile.TemporaryDirectory(prefix="koonj-") as place:
        os.environ["XDG_DATA_HOME"] = str(Path(place) / "data")
        os.environ["XDG_CACHE_HOME"] = str(Path(place) / "cache")
        folder = Path(place) / "database" / "migrations"
        shutil.copytree(SAMPLE / "migrations", folder)
        os.chdir(place)
        (Path(place) / "koonj.toml").write_text(TARGETS)
        shutil.copytree(SAMPLE / "patterns", folder.parent / "patterns")
        asyncio.run(_tour(load(Path(place), environ=os.environ), folder))


if __name__ == "__main__":
    main()
