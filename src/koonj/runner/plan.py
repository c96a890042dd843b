"""The plan: what a request would do to one target, in order. Made without changing anything."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from psycopg import AsyncConnection

from koonj.config import Target
from koonj.migrations.act import Act, Action
from koonj.migrations.folder import Folder
from koonj.migrations.migration import Migration
from koonj.migrations.state import Entry, State, states
from koonj.postgres import history
from koonj.postgres.connector import Connector, ServerInfo, describe
from koonj.runner.events import Direction, Obstacle, Plan
from koonj.runner.request import Request
from koonj.runner.selection import Selection, folder_obstacles, problems_as_obstacles, select
from koonj.runner.work import Work, make_work
from koonj.sql.problem import Severity


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and all that carrying it out needs."""

    plan: Plan
    works: tuple[Work, ...]
    accepts: tuple[Entry, ...]
    """Entries whose state this run was told to pass."""

    @property
    def signature(self) -> frozenset[tuple[str, str, int]]:
        """What would run: file name, hash of the bytes, statements already done."""
        return frozenset((w.migration.name, w.migration.file_hash, w.planned.done) for w in self.works)


async def plan(connector: Connector, target: Target, folder: Folder, request: Request) -> Plan:
    """Connect, read, plan, and leave. Raises ConnectError, HistoryError."""
    conn = await connector.connect(target, name="koonj plan")
    async with conn:
        server = await describe(conn)
        return (await make_plan(conn, target, folder, request, server)).plan


async def make_plan(
    conn: AsyncConnection, target: Target, folder: Folder, request: Request, server: ServerInfo
) -> Planned:
    """Plan over a connection that is there. Raises HistoryError."""
    acts = await history.read_acts(conn)
    entries = await asyncio.to_thread(states, folder, acts)
    selection = await asyncio.to_thread(select, entries, acts, request)
    if request.direction is Direction.APPLY:
        selection = replace(selection, obstacles=(*folder_obstacles(folder), *selection.obstacles))
    recorded = await _recorded_texts(conn, selection, acts, request)
    return await asyncio.to_thread(_assemble, target, request, server, selection, recorded, entries)


async def _recorded_texts(
    conn: AsyncConnection, selection: Selection, acts: Sequence[Act], request: Request
) -> Mapping[str, Migration]:
    """For a rollback of migrations whose files are gone: what history recorded of them."""
    if request.direction is Direction.APPLY:
        return {}
    texts = {}
    applied = {act.name: act.id for act in acts if act.action in (Action.APPLY, Action.ADOPT)}
    for entry in selection.entries:
        if entry.migration is None:
            text = await history.read_script(conn, applied[entry.name])
            if text is not None:
                texts[entry.name] = Migration.from_recorded(entry.name, text)
    return texts


def _assemble(
    target: Target,
    request: Request,
    server: ServerInfo,
    selection: Selection,
    recorded: Mapping[str, Migration],
    entries: Sequence[Entry],
) -> Planned:
    works: list[Work] = []
    obstacles = list(selection.obstacles)
    for entry in selection.entries:
        made = _work(entry, recorded, target, request)
        if isinstance(made, Work):
            works.append(made)
        else:
            obstacles.extend(made)
    passed = [o for o in obstacles if o.can_allow and o.state in request.allow]
    names = {obstacle.name for obstacle in passed}
    plan = Plan(
        target=target.name,
        direction=request.direction,
        protected=target.protected,
        server=str(server),
        migrations=tuple(work.planned for work in works),
        obstacles=tuple(o for o in obstacles if o not in passed),
        accepted=tuple(passed),
        notes=tuple(_notes(selection.entries)),
    )
    return Planned(plan, tuple(works), tuple(e for e in entries if e.name in names))


def _work(
    entry: Entry, recorded: Mapping[str, Migration], target: Target, request: Request
) -> Work | tuple[Obstacle, ...]:
    """One migration's work, or what stands in its way."""
    migration = entry.migration or recorded.get(entry.name)
    if migration is None:
        message = f"{entry.name} has no file, and history's text of it cannot be read by this role."
        return (Obstacle(entry.name, "rollback missing", message, "Bring the file back.", can_allow=False),)
    if request.direction is Direction.ROLLBACK:
        stops = _rollback_obstacles(migration)
        if stops:
            return stops
    elif any(problem.severity is Severity.ERROR for problem in migration.problems):
        return ()  # the selection has said so
    done = _done(entry, migration, request.direction)
    return make_work(
        migration,
        request.direction,
        lock_timeout=target.lock_timeout,
        done=done,
        from_history=entry.migration is None,
    )


def _rollback_obstacles(migration: Migration) -> tuple[Obstacle, ...]:
    name, rollback, shape = migration.name, migration.sections.rollback, migration.rollback_shape
    if rollback is None or shape is None:
        reason = migration.sections.none_reason
        message = f"{name} has no rollback."
        if reason is not None:
            message = f"{name} cannot be rolled back: {reason}"
        hint = "Write a new migration that undoes it."
        return (Obstacle(name, "rollback missing", message, hint, can_allow=False),)
    return problems_as_obstacles(migration.shown_path, name, (*rollback.problems, *shape.problems))


def _done(entry: Entry, migration: Migration, direction: Direction) -> int:
    """Statements that an act which stopped half way has committed, where the script is still the same."""
    act = entry.act
    if act is None or entry.state not in (State.FAILED, State.INTERRUPTED):
        return 0
    if direction is Direction.APPLY and act.action is Action.APPLY:
        same = act.statements_hash == migration.fingerprints.statements
    elif direction is Direction.ROLLBACK and act.action is Action.ROLLBACK:
        same = act.rollback_hash == migration.fingerprints.rollback
    else:
        same = False
    return act.statements_done if same else 0


def _notes(entries: Sequence[Entry]) -> list[str]:
    """What a person may want to know and need not decide."""
    notes = []
    for entry in entries:
        if entry.state is State.ROLLBACK_EDITED:
            notes.append(f"{entry.name}: its rollback was changed after it was applied; the file's is used.")
        if entry.note:
            notes.append(f"{entry.name}: {entry.note}")
    return notes
