"""Apply the target's policy to a plan.

If the target requires verified rehearsals, each migration without one becomes a conflict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from koonj.config import Target
from koonj.runner.plan.decisions import Decision
from koonj.runner.plan.planner import PreparedPlan
from koonj.runner.rehearse.verdict import ALLOWABLE, Rehearsal, Verdict
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.direction import Direction
from koonj.runner.run.request import Request

NOT_VERIFIED = "not_verified"
"""State of a conflict: the target requires a verified rehearsal, and the migration has none."""
POLICY_STATES = frozenset({NOT_VERIFIED, *(verdict.value for verdict in ALLOWABLE)})
"""States of all conflicts that this module adds."""


def requires_rehearsal(target: Target, request: Request) -> bool:
    """Return whether the target requires verified rehearsals for this request."""
    return target.require_verified and request.direction is Direction.APPLY and not request.probe


def apply_policy(
    planned: PreparedPlan, request: Request, rehearsals: Mapping[str, Rehearsal], reason: str
) -> PreparedPlan:
    """Add a conflict for each migration that is not verified.

    If it is allowed or overridden, add a decision instead.

    `rehearsals`: by file name; `reason`: why migrations without one could not be rehearsed, or empty.
    """
    statuses = {status.name: status for status in planned.statuses}
    conflicts: list[Conflict] = []
    decisions: list[Decision] = []
    for work in planned.works:
        name = work.migration.name
        for conflict in _conflicts(name, rehearsals.get(name), reason):
            if request.allows(conflict) or request.override:
                decisions.append(Decision(statuses[name], conflict))
            else:
                conflicts.append(conflict)
    plan = replace(
        planned.plan,
        conflicts=(*planned.plan.conflicts, *conflicts),
        allowed=(*planned.plan.allowed, *(decision.conflict for decision in decisions)),
    )
    return replace(planned, plan=plan, decisions=(*planned.decisions, *decisions))


def _conflicts(name: str, rehearsal: Rehearsal | None, reason: str) -> tuple[Conflict, ...]:
    """Return the conflicts for a migration; none if its rehearsal is verified.

    Each verdict that --allow can let pass is a conflict of its own.
    """
    if rehearsal is None:
        message = f"{name} has not been rehearsed: {reason or 'no verdict is stored'}"
        return (Conflict(name, NOT_VERIFIED, message, _OVERRIDE, can_allow=True),)
    if rehearsal.is_verified:
        return ()
    if rehearsal.verdict in ALLOWABLE:  # the state of the conflict is the verdict
        message, hint = f"{name}: {rehearsal.message}", _HINTS[rehearsal.verdict]
        return (Conflict(name, rehearsal.verdict.value, message, hint, can_allow=True),)
    message = f"The rehearsal of {name} ended with verdict {rehearsal.verdict.value}: {rehearsal.message}"
    what = "cause" if rehearsal.verdict is Verdict.UNKNOWN else "file"
    hint = f"Fix the {what} and run: koonj rehearse {name}. {_OVERRIDE}"
    return (Conflict(name, NOT_VERIFIED, message, hint, can_allow=True),)


_HINTS: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.LOSSY: "If the data loss is intended: --allow lossy --reason '…'",
        Verdict.REORDERED: "If the order of the columns does not matter: --allow reordered --reason '…'",
        Verdict.IRREVERSIBLE: "If it never has to be rolled back: --allow irreversible --reason '…'",
    }
)
_OVERRIDE = "To apply it without a verified rollback: --override 'REASON' (recorded in the history)"
