"""A folder of migrations, and the verdicts on them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from koonj.config import ScratchPlace
from koonj.migrations.folder import FolderReader
from koonj.postgres.connector import Connector
from koonj.postgres.embedded.binaries import discover
from koonj.runner.rehearse.events import MigrationRehearsalFinished, RehearsalFinished
from koonj.runner.rehearse.request import RehearsalRequest
from koonj.runner.rehearse.start import RehearsalJob, start_rehearsal
from koonj.runner.rehearse.verdict import Rehearsal
from koonj.runner.run.events import Event

MAJORS = tuple(dict.fromkeys(found.major for found in discover() if found.major in {15, 18}))
"""Installed major versions to rehearse on."""
BASE = """
    CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL, name varchar(50) DEFAULT 'x', old int);
    CREATE INDEX users_email ON users (email);
    COMMENT ON COLUMN users.email IS 'where to write';
    CREATE VIEW people AS SELECT id, name FROM users;
    CREATE FUNCTION twice(a int) RETURNS int LANGUAGE sql AS 'SELECT a * 2';
    GRANT SELECT ON users TO PUBLIC;
"""
"""A first migration that makes a table, an index, a view, a function and a grant."""


class RehearsalFolder:
    """A folder of migrations that can be rehearsed."""

    def __init__(self, path: Path, connector: Connector, place: ScratchPlace | None = None) -> None:
        self.path = path
        self.connector = connector
        self.place = place or ScratchPlace()
        self.events: list[Event] = []

    def write(self, number: int, up: str, down: str | None = None, *, block: bool = True) -> str:
        """Write NNN_m.sql with this body and rollback, and return its name."""
        name = f"{number:03d}_m.sql"
        up = dedent(up).strip()
        text = f"BEGIN;\n{up}\nCOMMIT;\n" if block else f"{up}\n"
        if down is not None:
            down = dedent(down).strip()
            script = down if not block or down.startswith("none:") else f"BEGIN;\n{down}\nCOMMIT;"
            head = "-- Rollback: " if down.startswith("none:") else "-- Rollback:\n"
            text += "\n" + head + (script if down.startswith("none:") else indent(script, "-- ")) + "\n"
        (self.path / name).write_text(text, encoding="utf-8")
        return name

    async def rehearse(self, *names: str, **options: Any) -> dict[str, Rehearsal]:
        """Return verdicts by file name; for all files if none is named."""
        request = RehearsalRequest(names=names or None, **options)
        job = RehearsalJob(self.place, FolderReader(self.path), request, self.connector)
        self.events = [event async for event in start_rehearsal(job).events()]
        last = self.events[-1]
        assert isinstance(last, RehearsalFinished)
        assert last.result == "done", last.message
        found = [e.rehearsal for e in self.events if isinstance(e, MigrationRehearsalFinished)]
        return {rehearsal.name: rehearsal for rehearsal in found}

    async def last(self, **options: Any) -> Rehearsal:
        """Return the verdict on the last migration."""
        found = await self.rehearse(max(path.name for path in self.path.iterdir()), **options)
        return next(iter(found.values()))

    @property
    def cached(self) -> list[bool]:
        return [e.cached for e in self.events if isinstance(e, MigrationRehearsalFinished)]
