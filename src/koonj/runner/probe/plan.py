"""Convert the plan of an apply or rollback to the plan of a probe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from koonj.postgres.probe_session import LOCK_LIMIT, lock_limit
from koonj.runner.plan.one_transaction import not_one_transaction, transaction_modes
from koonj.runner.plan.planner import PreparedPlan
from koonj.runner.plan.work import Work
from koonj.runner.run.conflict import Conflict
from koonj.sql.display import spaced


def as_probe(planned: PreparedPlan) -> PreparedPlan:
    """Return the plan of a probe.

    Allowed conflicts become notes, because a probe writes no history.
    """
    works = tuple(_with_short_lock_timeout(work) for work in planned.works)
    plan = planned.plan
    conflicts = tuple(_conflict(work) for work in works if not work.in_one_transaction)
    allowed = (_allowed_note(conflict) for conflict in plan.allowed)
    notes = (_probe_note(plan.target), *_isolation_notes(works), *allowed, *plan.notes)
    plan = replace(
        plan,
        migrations=tuple(work.planned for work in works),
        conflicts=(*plan.conflicts, *conflicts),
        allowed=(),
        notes=notes,
    )
    return replace(planned, plan=plan, works=works, decisions=())


def _probe_note(target: str) -> str:
    return (
        f"probe: runs BEGIN … ROLLBACK on {target} itself. Its locks are real (lock_timeout at most "
        f"{LOCK_LIMIT}). Sequences that it advances are not restored."
    )


def _allowed_note(conflict: Conflict) -> str:
    return f"allowed for this probe, not recorded ({spaced(conflict.state)}): {conflict.message}"


def _with_short_lock_timeout(work: Work) -> Work:
    limit = lock_limit(work.planned.lock_timeout)
    return replace(work, planned=replace(work.planned, lock_timeout=limit, lock_wait=""))


def _isolation_notes(works: Sequence[Work]) -> Iterator[str]:
    """Yield a note for each BEGIN whose modes are ignored.

    The first BEGIN sets the modes of the whole probe.
    """
    first = transaction_modes(works[0]) if works else ""
    for work in works[1:]:
        modes = transaction_modes(work)
        if modes and modes != first:
            yield (
                f"{work.migration.name}: {modes} is ignored, because the probe is one transaction and the "
                "first migration sets its mode"
            )


def _conflict(work: Work) -> Conflict:
    name = work.migration.name
    hint = f"Rehearse it on a scratch database instead: koonj rehearse {name}"
    return not_one_transaction(work, "cannot be probed", hint)
