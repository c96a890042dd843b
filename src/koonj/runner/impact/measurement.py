"""A plan with what is known of its statements: measured on scratch, and put beside the target's own sizes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace

import psycopg
from psycopg import AsyncConnection

from koonj.config import ScratchPlace, Target
from koonj.migrations.folder import FolderReader
from koonj.postgres.activity import RelationFacts, relation_facts
from koonj.postgres.connector import Connector, ServerInfo, named_database
from koonj.postgres.errors import error_message, is_lost
from koonj.runner.impact.gate import gated, is_wanted
from koonj.runner.impact.plan_locks import relations_of, with_impact
from koonj.runner.plan.planner import PreparedPlan
from koonj.runner.rehearse.events import (
    MigrationRehearsalFinished,
    MigrationRehearsalStarted,
    RehearsalFinished,
)
from koonj.runner.rehearse.request import RehearsalRequest
from koonj.runner.rehearse.start import RehearsalJob, rehearsal
from koonj.runner.rehearse.verdict import Rehearsal
from koonj.runner.run.events import Event
from koonj.runner.run.request import Request
from koonj.runner.run.run import Cancelled, Control

MOST = 40
"""Migrations that are rehearsed for the sake of a plan that a person waits for; a policy wants all."""


def _too_many(count: int) -> str:
    return f"{count} migrations are not rehearsed, so their locks are not known: koonj rehearse does it."


@dataclass(slots=True)
class ImpactMeasurement:
    """What one run knows of its migrations beside their text; asked for once, before the plan is shown."""

    connector: Connector
    place: ScratchPlace
    reader: FolderReader
    target: Target
    request: Request
    server: ServerInfo
    found: dict[str, Rehearsal] = field(default_factory=dict)
    facts: Mapping[str, RelationFacts] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    why: str = ""
    """Why nothing could be rehearsed; empty where it could."""

    async def listen(
        self, conn: AsyncConnection, control: Control, planned: PreparedPlan
    ) -> AsyncIterator[Event]:
        """Rehearse what the plan holds, or look up what is known of it; then ask the target for sizes.

        Raises Cancelled, and psycopg.Error where the target is lost.
        """
        names = tuple(work.migration.name for work in planned.works if not work.migration.recorded)
        wanted = is_wanted(self.target, self.request)
        if not names or not (wanted or self._is_read):
            return
        async with aclosing(self._rehearsed(control, names, cached_only=True)) as known:  # type: ignore[type-var]
            async for event in known:
                self._note(event)
        missing = tuple(name for name in names if name not in self.found)
        if missing and (wanted or self.request.measure):
            if len(missing) > MOST and not wanted:
                self.notes = (*self.notes, _too_many(len(missing)))
            else:
                async with aclosing(self._rehearsed(control, missing)) as events:  # type: ignore[type-var]
                    async for event in events:
                        self._note(event)
                        if isinstance(event, (MigrationRehearsalStarted, MigrationRehearsalFinished)):
                            yield event
        control.working_on(conn)
        await self._ask(conn)

    @property
    def _is_read(self) -> bool:
        """Does anybody look at the plan before it is carried out?"""
        request = self.request
        return request.measure or request.plan_only or not request.assume_yes

    def _note(self, event: Event) -> None:
        if isinstance(event, MigrationRehearsalFinished):
            self.found[event.rehearsal.name] = event.rehearsal

    def with_impact(self, planned: PreparedPlan) -> PreparedPlan:
        """The plan with all of it, and with what the target's policy says of it."""
        migrations = with_impact(planned.plan.migrations, self.found, self.facts)
        notes = (*planned.plan.notes, *self.notes)
        told = replace(planned, plan=replace(planned.plan, migrations=migrations, notes=notes))
        if not is_wanted(self.target, self.request):
            return told
        return gated(told, self.request, self.found, self.why)

    async def _rehearsed(
        self, control: Control, names: tuple[str, ...], *, cached_only: bool = False
    ) -> AsyncIterator[Event]:
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
                self.why = f"{event.message} {event.hint}".strip()
                if not cached_only:
                    self.notes = (*self.notes, f"not rehearsed, so its locks are not known: {self.why}")

    async def _ask(self, conn: AsyncConnection) -> None:
        relations = relations_of(self.found, self.request.direction)
        if not relations:
            return
        try:
            self.facts = await relation_facts(conn, relations)
        except psycopg.Error as error:
            if is_lost(error):
                raise
            self.notes = (
                *self.notes,
                f"the target would not tell how large its tables are: {error_message(error)}",
            )
