"""Ask a target everything that the migrations of a plan demand of its rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from time import monotonic

from koonj.config import Target
from koonj.postgres.demands.demand import Demands
from koonj.postgres.kept_connection import KeptConnection
from koonj.runner.preflight.ask import Asking
from koonj.runner.preflight.compose import PendingDemands, compose
from koonj.runner.preflight.wording import unknown_whole
from koonj.runner.rehearse.verdict import Rehearsal, Verdict
from koonj.runner.run.planned import PlannedMigration
from koonj.runner.run.row_check import Preflight, RowCheck, RowOutcome

QUICK_TOTAL = 10.0
"""Seconds after which a plan asks no more questions."""
_LATE = f"the questions before it took {QUICK_TOTAL:g} s"


def pending_demands(
    migrations: Iterable[PlannedMigration], rehearsals: Mapping[str, Rehearsal]
) -> tuple[PendingDemands, ...]:
    """Return what the migrations of a plan demand, in their order."""
    return tuple(
        PendingDemands(one.name, demands_of(rehearsals.get(one.name)), one.statements_done)
        for one in migrations
    )


NOT_REHEARSED = "it was not rehearsed"
_TABLES = frozenset({"table", "partitioned table", "materialized view"})


def demands_of(rehearsal: Rehearsal | None) -> Demands:
    """Return what a migration demands. Of one that was not rehearsed, that is unknown.

    A migration that only makes objects is not watched, and its traces say which.
    """
    if rehearsal is None:
        return Demands(unknown=NOT_REHEARSED)
    if rehearsal.verdict is Verdict.UNKNOWN and rehearsal.failure is not None:
        return Demands(unknown="it could not be rehearsed")
    if rehearsal.failure is not None and rehearsal.failure.phase == "apply":
        return Demands(unknown="it fails in the rehearsal")
    if rehearsal.demands != Demands():
        return rehearsal.demands
    created = (one for trace in rehearsal.apply for one in trace.relations if one.change == "created")
    return Demands(made=tuple(sorted(one.relation for one in created if one.kind in _TABLES)))


def unasked(pending: Iterable[PendingDemands], reason: str) -> Iterator[tuple[str, RowCheck]]:
    """Yield that it is not known what migrations demand that demand something, or that were not rehearsed."""
    for one in pending:
        if one.demands.demands or one.demands.unknown:
            yield one.name, _unknown(one.demands.unknown or reason)


def _unknown(reason: str) -> RowCheck:
    return RowCheck(0, 0, "", "", RowOutcome.NOT_KNOWN, unknown_whole(reason), reason=reason)


async def row_checks(
    kept: KeptConnection,
    target: Target,
    pending: Sequence[PendingDemands],
    mode: Preflight,
    *,
    only: str = "",
) -> AsyncIterator[tuple[str, RowCheck]]:
    """Yield the answers of the target, with the file names of the migrations.

    `only`: the migration of `pending` that is asked about; empty: all are.

    Raises: ConnectError; psycopg.Error if the connection was lost.
    """
    for one in pending:
        if only in {"", one.name} and one.demands.unknown:
            yield one.name, _unknown(one.demands.unknown)
    failed, started = set[str](), monotonic()
    for question in compose(pending):
        if only not in {"", question.migration}:
            continue
        too_late = _LATE if mode is Preflight.QUICK and monotonic() - started > QUICK_TOTAL else ""
        check = await Asking(await kept.live(), question, mode).answer(target, too_late=too_late)
        base = question.reads[0].origin.relation if question.reads else ""
        if base in failed and check.outcome is RowOutcome.WILL_FAIL and not check.examples and check.at_least:
            continue  # the same rows make a later question fail too
        if check.outcome is RowOutcome.WILL_FAIL:
            failed.add(base)
        yield question.migration, check
