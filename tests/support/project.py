"""A project on disk with a target on a real server, and koonj's engine for them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from textwrap import dedent
from time import monotonic
from typing import Any, TypeVar

import psycopg

from koonj.config import Target
from koonj.migrations.folder import FolderReader
from koonj.migrations.history_entry import HistoryEntry
from koonj.postgres.connector import Connector
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, Question, RunFinished, StatementStarted
from koonj.runner.run.request import Extent, Request
from koonj.runner.run.run import Run
from koonj.runner.start import start
from koonj.runner.target.history import read_history
from koonj.runner.target.status import TargetStatus, read_status
from support import gate

PATIENCE = 60.0
"""Maximum seconds that a test waits, on the slowest machine."""


@dataclass
class Project:
    """A folder of migrations and one target."""

    path: Path
    target: Target
    connector: Connector
    reader: FolderReader = field(init=False)

    def __post_init__(self) -> None:
        self.reader = FolderReader(self.path)

    def write(self, name: str, text: str) -> Path:
        """Write a migration, dedented."""
        file = self.path / name
        file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return file

    def table(self, number: int, *, rollback: bool = True) -> str:
        """Write a migration that creates table t<number>, and return its name."""
        down = f"-- Rollback:\n-- BEGIN;\n-- DROP TABLE t{number};\n-- COMMIT;\n" if rollback else ""
        name = f"{number:03d}_make_t{number}.sql"
        self.write(name, f"BEGIN;\nCREATE TABLE t{number} (id int PRIMARY KEY);\nCOMMIT;\n\n{down}")
        return name

    def protect(self) -> None:
        self.target = replace(self.target, protected=True)

    def start(self, direction: Direction, **options: Any) -> Run:
        request = Request(direction, **{"assume_yes": True, "wait": 10.0, **options})
        return start(self.connector, self.target, self.reader, request)

    async def run(self, direction: Direction, **options: Any) -> list[Event]:
        return await collect_events(self.start(direction, **options))

    async def apply(self, **options: Any) -> list[Event]:
        """Apply all migrations, unless the options say otherwise."""
        return await self.run(Direction.APPLY, **{"extent": Extent.ALL, **options})

    async def roll_back(self, **options: Any) -> list[Event]:
        """Roll back one migration, unless the options say otherwise."""
        return await self.run(Direction.ROLLBACK, **options)

    async def status(self) -> TargetStatus:
        return await read_status(self.connector, self.target, self.reader.read())

    async def states(self) -> dict[str, str]:
        status = await self.status()
        assert status.is_known, status.error
        return {entry.name: entry.state.value for entry in status.migrations}

    async def entries(self) -> tuple[HistoryEntry, ...]:
        return await read_history(self.connector, self.target)

    def sql(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the target's rows for a query, on a separate connection."""
        with psycopg.connect(self.target.dsn, autocommit=True) as conn:
            cursor = conn.execute(text, values or None)
            return cursor.fetchall() if cursor.description is not None else []

    def tables(self) -> set[str]:
        rows = self.sql("SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'public'")
        return {row[0] for row in rows}


async def collect_events(run: Run, answer: str | None = None) -> list[Event]:
    """Return every event. Answer a question with `answer`, or as it expects."""
    events = []
    async for event in run.events():
        events.append(event)
        if isinstance(event, Question):
            run.answer(event.id, event.expected if answer is None else answer)
    return events


async def open_gate_after(project: Project, statement: int, seconds: float) -> tuple[float, list[Event]]:
    """Apply all, and open the gate so long after the start of a statement is reported.

    Return the seconds of the whole run, and its events.
    """
    begin, events = monotonic(), []
    async with asyncio.timeout(PATIENCE):
        async for event in project.start(Direction.APPLY, extent=Extent.ALL).events():
            events.append(event)
            if isinstance(event, StatementStarted) and event.index == statement:
                await asyncio.sleep(seconds)
                project.sql(gate.OPEN_ALL)
    return monotonic() - begin, events


def run_finished(events: list[Event]) -> RunFinished:
    """Return the last event, which every run has."""
    last = events[-1]
    assert isinstance(last, RunFinished)
    return last


Kind = TypeVar("Kind", bound=Event)


def events_of_kind(events: list[Event], kind: type[Kind]) -> list[Kind]:
    return [event for event in events if isinstance(event, kind)]
