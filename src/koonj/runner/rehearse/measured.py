"""Say what a rehearsal measured in the words of the safety rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from koonj.checks.measured import Measured
from koonj.checks.names import last_name
from koonj.postgres.locks.trace import StatementTrace
from koonj.runner.rehearse.verdict import Rehearsal


def measured(rehearsal: Rehearsal | None) -> Mapping[int, Measured]:
    """Return what a rehearsal measured about each statement of a body and its rollback, by its line.

    Two statements in one line cannot be told apart, so they count as not measured.
    """
    if rehearsal is None:
        return {}
    traces = (*rehearsal.apply, *rehearsal.rollback)
    lines = Counter(trace.line for trace in traces)
    return {trace.line: _measured(trace) for trace in traces if lines[trace.line] == 1}


def _measured(trace: StatementTrace) -> Measured:
    stopped = {lock.relation for lock in trace.effective if lock.mode.stops_writes}
    built = {one.of for one in trace.relations if one.kind == "index" and one.change == "created" and one.of}
    scanned = (*trace.scanned, *trace.scanned_by_any_session)
    return Measured(
        scanned=frozenset(last_name(scan.relation) for scan in scanned),
        rewritten=frozenset(map(last_name, trace.rewritten)),
        built=frozenset(map(last_name, built & stopped)),
    )
