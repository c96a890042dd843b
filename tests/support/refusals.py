"""Why koonj did not run what it was asked for."""

from __future__ import annotations

from koonj.runner.run.events import Event, PlanMade, RunResult
from support.project import events_of_kind, run_finished


def why_refused(events: list[Event]) -> str:
    """Return the conflicts of a refused run, with their hints. Nothing can be allowed in another tool's folder."""
    assert run_finished(events).result is RunResult.REFUSED
    conflicts = events_of_kind(events, PlanMade)[-1].plan.conflicts
    assert conflicts
    assert all(conflict.hint and not conflict.can_allow for conflict in conflicts)
    return " ".join(f"{conflict.message} {conflict.hint}" for conflict in conflicts)
