"""Measure the impact of a plan: rehearse it, and read sizes from the target."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import aclosing, nullcontext
from dataclasses import dataclass, field, replace

import psycopg

from koonj.config import ScratchPlace, Target
from koonj.migrations.folder import FolderReader
from koonj.postgres.activity import RelationFacts, relation_facts
from koonj.postgres.connection_string import named_database
from koonj.postgres.connector import Connector
from koonj.postgres.errors import error_message, is_lost
from koonj.postgres.kept_connection import KeptConnection
from koonj.postgres.read_transaction import read_transaction
from koonj.postgres.server_info import ServerInfo
from koonj.postgres.untrusted import ADVICE
from koonj.runner.impact.check_conflicts import with_check_conflicts
from koonj.runner.impact.gate import apply_policy, requires_rehearsal
from koonj.runner.impact.plan_locks import relations_of, with_impact, with_row_checks
from koonj.runner.impact.self_commits import with_commits
from koonj.runner.plan.planner import PreparedPlan
from koonj.runner.plan.work import Work, can_run_as_written
from koonj.runner.rehearse.events import (
    MigrationRehearsalFinished,
    MigrationRehearsalStarted,
    RehearsalFinished,
    WaitingForScratch,
)
from koonj.runner.rehearse.request import RehearsalRequest
from koonj.runner.rehearse.verdict import Rehearsal
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event
from koonj.runner.run.request import Request
from koonj.runner.run.row_check import Preflight, RowCheck
from koonj.runner.run.run import Cancelled, Control
from koonj.sql.transactions import might_commit

MAX_REHEARSALS = 40
"""Maximum number of migrations to rehearse for a plan while the user waits.

If the target requires verified rehearsals, there is no maximum.
"""


_SHOWN = (WaitingForScratch, MigrationRehearsalStarted, MigrationRehearsalFinished)
"""Events of a rehearsal that a run passes on."""


_BEYOND_SCHEMAS = (
    *("create schema", "create extension", "create role", "create user", "create group"),
    *("drop role", "drop user", "drop group"),
)
"""Begin of the summaries of statements that may need a right beyond those on relations and schemas."""

_OBJECT = re.compile(r"\b(function|procedure|routine|type|domain)\b")
"""In the summaries of statements that may create, alter or drop a function or a type."""

_UNTRUSTED = f"you do not trust this folder yet. {ADVICE}"


def _too_many(count: int) -> str:
    return f"{count} migrations have not been rehearsed, so their locks are unknown. Run: koonj rehearse"


def _asks(work: Work) -> bool:
    """Return whether only a rehearsal knows how the statements of a script commit."""
    statements = (numbered.statement for step in work.steps for numbered in step.statements)
    return can_run_as_written(work) and any(map(might_commit, statements))


@dataclass(slots=True)
class ImpactMeasurement:
    """Rehearsals and table sizes for one run, measured once, before the plan is shown."""

    connector: Connector
    place: ScratchPlace
    reader: FolderReader
    target: Target
    request: Request
    server: ServerInfo
    rehearsals: dict[str, Rehearsal] = field(default_factory=dict)
    """Rehearsals by file name."""
    facts: Mapping[str, RelationFacts] = field(default_factory=dict)
    """Sizes and activity of relations on the target, by qualified name."""
    notes: tuple[str, ...] = ()
    row_checks: Mapping[str, tuple[RowCheck, ...]] = field(default_factory=dict)
    """What the target's rows answer, by file name."""
    reason: str = ""
    """Why koonj could not rehearse; empty if it could."""
    turn: asyncio.Lock | None = None
    """Held while it rehearses: who waited for it finds its verdicts. None: there are no others."""

    async def measure(
        self, kept: KeptConnection, control: Control, planned: PreparedPlan
    ) -> AsyncIterator[Event]:
        """Rehearse the plan or read cached rehearsals; then read the sizes of tables.

        Raises:
            Cancelled: The user has cancelled the run.
            ConnectError: The connection to the target was lost, also after a new attempt.
            psycopg.Error: It was lost while koonj read the sizes.
        """
        names = tuple(work.migration.name for work in planned.works if not work.migration.recorded)
        required = requires_rehearsal(self.target, self.request)
        if names and not (required or self._is_shown):
            await control.unless_cancelled(self._read_cached(names))
            unknown = (work for work in planned.works if work.migration.name not in self.rehearsals)
            names = tuple(w.migration.name for w in unknown if not w.migration.recorded and _asks(w))
        if not names:
            return
        async with aclosing(self._rehearse(control, names, cached_only=True)) as known:  # type: ignore[type-var]
            async for event in known:
                self._keep(event)
        missing = tuple(name for name in names if name not in self.rehearsals)
        if missing and (required or self.request.measure):
            if not self.place.trusted:
                self.reason = _UNTRUSTED
                self.notes = (*self.notes, f"not rehearsed, so the locks are unknown: {_UNTRUSTED}")
            elif len(missing) > MAX_REHEARSALS and not required:
                self.notes = (*self.notes, _too_many(len(missing)))
            else:
                async with (
                    self.turn or nullcontext(),
                    aclosing(self._rehearse(control, missing)) as events,  # type: ignore[type-var]
                ):
                    async for event in events:
                        self._keep(event)
                        if isinstance(event, _SHOWN):
                            yield event
        control.working_on(None)
        if required or self._is_shown:
            await control.unless_cancelled(self._read_facts(kept, planned))
            await control.unless_cancelled(self._ask_rows(kept, planned))

    async def _read_cached(self, names: Collection[str]) -> None:
        """Read cached verdicts, for the locks that the migrations take first. It must be cheap."""
        # A run of which nobody reads the plan.
        from koonj.runner.rehearse.cached_verdicts import cached_verdicts  # noqa: PLC0415 - as above

        folder = await asyncio.to_thread(self.reader.read)
        database, major = named_database(self.target), self.server.major
        self.rehearsals |= await asyncio.to_thread(
            cached_verdicts, folder, names, self.place, database=database, target_major=major
        )

    @property
    def _is_shown(self) -> bool:
        """Whether the user sees the plan before it runs."""
        request = self.request
        return request.measure or request.plan_only or not request.assume_yes

    def _keep(self, event: Event) -> None:
        if isinstance(event, MigrationRehearsalFinished):
            self.rehearsals[event.rehearsal.name] = event.rehearsal

    def with_impact(self, planned: PreparedPlan) -> PreparedPlan:
        """Return the plan with verdicts, locks, notes, and conflicts of the policy."""
        planned = with_check_conflicts(planned, self.rehearsals)
        if not self.request.probe:
            planned = with_commits(planned, self.rehearsals)
        if self.request.batch:
            from koonj.runner.plan.batch import as_batch  # noqa: PLC0415 - only for a batch

            planned = as_batch(planned)  # a rehearsal can have found that a statement commits by itself
        if not (self._is_shown or requires_rehearsal(self.target, self.request)):
            return planned
        migrations = with_impact(planned.plan.migrations, self.rehearsals, self.facts)
        migrations = with_row_checks(migrations, self.row_checks)
        notes = (*planned.plan.notes, *self.notes)
        if self.target.ssh is not None:
            from koonj.runner.impact.tunnel_note import tunnel_note  # noqa: PLC0415 - few targets have one

            note = tunnel_note(migrations, self.request, self.target, self.reader.path)
            notes = (*notes, note) if note else notes
        measured = replace(planned, plan=replace(planned.plan, migrations=migrations, notes=notes))
        if not requires_rehearsal(self.target, self.request):
            return measured
        return apply_policy(measured, self.request, self.rehearsals, self.reason)

    async def _rehearse(
        self, control: Control, names: tuple[str, ...], *, cached_only: bool = False
    ) -> AsyncIterator[Event]:
        # The engine of the rehearsals is larger than the rest of a run.
        from koonj.runner.rehearse.start import RehearsalJob, rehearsal  # noqa: PLC0415 - as above

        request = RehearsalRequest(
            names=names,
            database=named_database(self.target),
            target_major=self.server.major,
            cached_only=cached_only,
        )
        job = RehearsalJob(self.place, self.reader, request, self.connector)
        async for event in rehearsal(job, control):
            yield event
            if not isinstance(event, RehearsalFinished):
                continue
            if event.result == "cancelled":
                raise Cancelled
            if event.result == "failed":
                self.reason = f"{event.message} {event.hint}".strip()
                if not cached_only:
                    self.notes = (*self.notes, f"not rehearsed, so the locks are unknown: {self.reason}")

    async def _ask_rows(self, kept: KeptConnection, planned: PreparedPlan) -> None:
        """Ask the target which of its rows the migrations will refuse."""
        request = self.request
        wanted = request.direction is Direction.APPLY and not request.probe
        if not wanted or request.preflight is Preflight.OFF or not self._is_shown:
            return
        # Only a plan that somebody reads needs these.
        from koonj.runner.preflight.checks import pending_demands, row_checks, unasked  # noqa: PLC0415 - as above

        pending = pending_demands(planned.plan.migrations, self.rehearsals)
        if not self.place.trusted:
            self.row_checks = {name: (check,) for name, check in unasked(pending, _UNTRUSTED)}
            return
        found: dict[str, tuple[RowCheck, ...]] = {}
        async for name, check in row_checks(kept, self.target, pending, request.preflight):
            found[name] = (*found.get(name, ()), check)
        self.row_checks = found

    async def _read_facts(self, kept: KeptConnection, planned: PreparedPlan) -> None:
        direction, migrations = self.request.direction, planned.plan.migrations
        relations = relations_of(self.rehearsals, direction)
        summaries = [one.summary for migration in migrations for one in migration.statements]
        beyond = any(one.startswith(_BEYOND_SCHEMAS) or _OBJECT.search(one) for one in summaries)
        if not relations and not beyond and self.server.citus is None:
            return
        # Only a plan that somebody reads needs these.
        from koonj.postgres.target_conditions import target_conditions  # noqa: PLC0415 - as above
        from koonj.runner.impact.lock_counts import lock_counts  # noqa: PLC0415 - as above
        from koonj.runner.impact.partition_limits import partition_notes, read_partitions  # noqa: PLC0415 - as above
        from koonj.runner.impact.replication_notes import read_replication_notes  # noqa: PLC0415 - as above
        from koonj.runner.impact.requirements import lacking, requirements  # noqa: PLC0415 - as above
        from koonj.runner.impact.rights import rights_asked  # noqa: PLC0415 - as above
        from koonj.sql.role_change import changes_role  # noqa: PLC0415 - as above

        plain = (work for work in planned.works if not any(map(changes_role, work.texts)))
        texts = {work.migration.name: dict(enumerate(work.texts, start=1)) for work in plain}
        every = {work.migration.name: dict(enumerate(work.texts, start=1)) for work in planned.works}
        needed = requirements(migrations, self.rehearsals, direction, texts)
        conn = await kept.live()
        notes: list[str] = []
        try:
            async with read_transaction(conn, self.target):
                self.facts = await relation_facts(conn, relations)
                found = await target_conditions(conn, rights_asked(needed.needs), needed.locked)
                if self.server.citus is not None:
                    from koonj.runner.impact.citus_limits import read_citus_notes  # noqa: PLC0415 - as above

                    notes += await read_citus_notes(conn, migrations, self.rehearsals, direction, texts)
                tables = await read_partitions(conn, self.rehearsals, direction)
                notes += partition_notes(migrations, self.rehearsals, direction, every, tables)
                notes += await read_replication_notes(conn, migrations, self.rehearsals, direction, every)
                locks = lock_counts(migrations, self.rehearsals, direction, every, tables)
                notes += lacking(needed, found, locks)
                if any(map(_OBJECT.search, summaries)):
                    from koonj.runner.impact.object_needs import read_refused_objects  # noqa: PLC0415 - as above

                    notes += await read_refused_objects(conn, migrations, texts, found.rights)
            self.notes = (*self.notes, *dict.fromkeys(notes))  # a composite type is a relation, too
        except psycopg.Error as error:
            if is_lost(error):
                raise
            note = f"koonj could not read the sizes of the target's tables: {error_message(error)}"
            self.notes = (*self.notes, note)
