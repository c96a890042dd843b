"""Ask the chosen target which of its rows a pending migration will refuse, for the Rehearsal tab."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from koonj.config import Target
from koonj.humanize import span_words
from koonj.migrations.states import State
from koonj.runner.rehearse.verdict import Rehearsal
from koonj.runner.run.row_check import Preflight, RowCheck
from koonj.tui.state.snapshot import Row, Snapshot
from koonj.tui.state.target_rows import TargetRows
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.watcher import has_password_command

if TYPE_CHECKING:
    from koonj.postgres.connector import Connector  # imports psycopg
    from koonj.runner.preflight.compose import PendingDemands
    from koonj.runner.target.status import TargetStatus

TIMEOUT = 15.0
"""Seconds to wait for all answers: more than a quick plan takes, less than the preview waits for a tab."""
_STOPPED = frozenset({State.INTERRUPTED, State.RUNNING})


@dataclass(frozen=True, slots=True)
class PendingMigration:
    """A migration that an apply would run, up to the selected one."""

    name: str
    rehearsal: Rehearsal | None
    is_stopped: bool
    """Some of its statements can be committed already."""


@dataclass(frozen=True, slots=True)
class RowQuestions:
    """The selected migration and the pending ones before it, and the state of the target."""

    target: Target
    status: TargetStatus
    pending: tuple[PendingMigration, ...]

    @property
    def name(self) -> str:
        """File name of the selected migration."""
        return self.pending[-1].name

    @property
    def inputs(self) -> tuple[object, ...]:
        """What the answers depend on: the state of the target, and the rehearsals."""
        return (self.status, *(one.rehearsal for one in self.pending))


class RowAnswers:
    """The last answers about each migration, as long as target and rehearsals are the same."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._known: dict[tuple[str, str], tuple[RowQuestions, TargetRows]] = {}
        """By target and file name."""

    def questions(self, snapshot: Snapshot, row: Row) -> RowQuestions | None:
        """Return what to ask about a migration; None if there is nothing to ask.

        Only a migration that the rehearsal could apply, and that is pending on a target that has answered.
        """
        check, found = snapshot.check, snapshot.rehearsals.results.get(row.name)
        status = check.status
        if status is None or status.error is not None or not row.is_pending or row.doing or found is None:
            return None
        if not self._backend.settings.scratch.trusted or not _asks(found):
            return None
        return RowQuestions(check.target, status, _pending(snapshot, row))

    def known(self, questions: RowQuestions) -> tuple[TargetRows, bool]:
        """Return the last answers about the migration, and whether they are still the right ones."""
        target = questions.target
        if has_password_command(target):
            note = f"not asked: a command brings the password of {target.name}. The plan of an apply asks."
            return TargetRows(target.name, note=note), True
        before, rows = self._known.get((target.name, questions.name), (None, TargetRows(target.name)))
        if before is not None and _same(before.inputs, questions.inputs):
            return rows, True
        if before is None or before.pending[-1].rehearsal is not questions.pending[-1].rehearsal:
            rows = TargetRows(target.name, note="asking …")
        return rows, False

    async def ask(self, questions: RowQuestions) -> TargetRows:
        """Return the answers of the target, and keep them. An error is an answer, too."""
        target = questions.target.name
        try:
            async with asyncio.timeout(TIMEOUT):
                checks = await self._backend.read_with(partial(_read, questions))
        except TimeoutError:
            return TargetRows(target, note=f"not known: no answer within {span_words(TIMEOUT)}")
        except Exception as error:  # a target that was lost must not end the screen
            return TargetRows(target, note=f"not known: {error}")
        rows = TargetRows(target, checks)
        self._known[target, questions.name] = (questions, rows)
        return rows


def _same(new: tuple[object, ...], old: tuple[object, ...]) -> bool:
    return len(new) == len(old) and all(one is other for one, other in zip(new, old, strict=True))


def _asks(found: Rehearsal) -> bool:
    """Return whether a migration demands something of rows, as far as its rehearsal knows."""
    failed = found.failure is not None and found.failure.phase != "rollback"
    return not failed and bool(found.demands.demands or found.demands.unknown)


def _pending(snapshot: Snapshot, row: Row) -> tuple[PendingMigration, ...]:
    """Return what an apply would run up to `row`."""
    results, pending = snapshot.rehearsals.results, list[PendingMigration]()
    for one in snapshot.rows:
        if one.is_pending and one.migration is not None:
            entry = one.status.last_entry if one.status else None
            failed = one.state is State.FAILED and entry is not None and entry.statements_done > 0
            stopped = failed or one.state in _STOPPED
            pending.append(PendingMigration(one.name, results.get(one.name), is_stopped=stopped))
        if one.name == row.name:
            break
    return tuple(pending)


async def _read(questions: RowQuestions, connector: Connector) -> tuple[RowCheck, ...]:
    from koonj.postgres.kept_connection import KeptConnection  # noqa: PLC0415 - brings psycopg
    from koonj.runner.preflight.checks import row_checks  # noqa: PLC0415 - as above

    pending, name, target = _demands(questions), questions.name, questions.target
    async with KeptConnection(connector, target, name="koonj preflight") as kept:
        found = row_checks(kept, target, pending, Preflight.QUICK, only=name)
        return tuple([check async for _, check in found])


def _demands(questions: RowQuestions) -> list[PendingDemands]:
    from koonj.postgres.demands.demand import Demands  # noqa: PLC0415 - only when they are asked
    from koonj.runner.preflight.checks import demands_of  # noqa: PLC0415 - brings psycopg
    from koonj.runner.preflight.compose import PendingDemands  # noqa: PLC0415 - as above

    stopped = Demands(unknown="its last run stopped before its end")
    return [
        PendingDemands(one.name, stopped if one.is_stopped else demands_of(one.rehearsal))
        for one in questions.pending
    ]
