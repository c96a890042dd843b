"""What a rehearsal's verdicts mean for a plan: what a target's policy lets through. Values in, values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from koonj.config import Target
from koonj.runner.plan.decisions import Decision
from koonj.runner.plan.planner import PreparedPlan
from koonj.runner.rehearse.verdict import Rehearsal, Verdict
from koonj.runner.run.events import Conflict, Direction
from koonj.runner.run.request import Request

NOT_VERIFIED = "not_verified"
"""The state of a migration that no rehearsal has verified, and for which the target requires it."""
LOSSY = Verdict.LOSSY.value


def is_wanted(target: Target, request: Request) -> bool:
    """Does the target's policy ask for a verified rehearsal of what this request would apply?"""
    return target.require_verified and request.direction is Direction.APPLY and not request.probe


def gated(planned: PreparedPlan, request: Request, found: Mapping[str, Rehearsal], why: str) -> PreparedPlan:
    """The plan with what stops it for want of a verified rehearsal, and what was decided in spite of that.

    `found`: the verdicts by file name; `why`: what kept a migration without one from being rehearsed.
    """
    statuses = {status.name: status for status in planned.statuses}
    stops: list[Conflict] = []
    decisions: list[Decision] = []
    for work in planned.works:
        conflict = _conflict(work.migration.name, found.get(work.migration.name), why)
        if conflict is None:
            continue
        if conflict.state in request.allow or request.override:
            decisions.append(Decision(statuses[conflict.name], conflict))
        else:
            stops.append(conflict)
    plan = replace(
        planned.plan,
        conflicts=(*planned.plan.conflicts, *stops),
        allowed=(*planned.plan.allowed, *(decision.conflict for decision in decisions)),
    )
    return replace(planned, plan=plan, decisions=(*planned.decisions, *decisions))


def _conflict(name: str, rehearsal: Rehearsal | None, why: str) -> Conflict | None:
    """Why the policy stops a migration; None where it does not."""
    if rehearsal is None:
        return Conflict(
            name,
            NOT_VERIFIED,
            f"{name} was not rehearsed: {why or 'nothing is known of it'}",
            _OVERRIDE,
            can_allow=True,
        )
    if rehearsal.verdict is Verdict.VERIFIED:
        return None
    message = f"{name} was rehearsed: {rehearsal.verdict.value}: {rehearsal.message}"
    if rehearsal.verdict is Verdict.LOSSY:
        return Conflict(name, LOSSY, message, _LOSSY, can_allow=True)
    return Conflict(
        name, NOT_VERIFIED, message, f"Mend it: koonj rehearse {name}. {_OVERRIDE}", can_allow=True
    )


_LOSSY = "If the loss is meant: --allow lossy --reason '…'"
_OVERRIDE = "Or go on without a verified rehearsal: --override '…', which history keeps."
