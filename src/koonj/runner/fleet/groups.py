"""Find the targets whose plans are alike, so that the user reads one plan for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from koonj.runner.run.fleet_events import PlanGroup
from koonj.runner.run.planned import Plan, PlannedLock, PlannedMigration


def plan_groups(plans: Mapping[str, Plan]) -> tuple[PlanGroup, ...]:
    """Return the groups of targets with the same plan, the largest first. `plans`: by target."""
    found: dict[object, list[str]] = {}
    for name, plan in plans.items():
        found.setdefault(_likeness(plan), []).append(name)
    groups = (_group(names, plans) for names in found.values())
    return tuple(sorted(groups, key=lambda group: -len(group.targets)))


def _group(names: list[str], plans: Mapping[str, Plan]) -> PlanGroup:
    shown = max(names, key=lambda name: _bytes(plans[name]))
    return PlanGroup(tuple(names), tuple(one.name for one in plans[shown].migrations), shown)


def _likeness(plan: Plan) -> object:
    """Return what is equal if two plans do the same: everything but sizes, and words that tell them."""
    return (
        plan.batch,
        tuple(map(_of_migration, plan.migrations)),
        tuple((one.name, one.state) for one in plan.allowed),
        tuple(_of_note(note, plan.target) for note in plan.notes),
    )


def _of_note(note: str, target: str) -> str:
    """Return a note without what differs from target to target: its name, sizes, the command with its dsn."""
    without_name = re.sub(rf"(?<!\w){re.escape(target)}(?!\w)", "", note.partition(" run: ")[0])
    return re.sub(r"[0-9.]+", "", without_name)


def _of_migration(one: PlannedMigration) -> tuple[Any, ...]:
    return (
        one.name,
        one.statements_done,
        one.from_history,
        one.mode,
        one.lock_timeout,
        one.lock_wait,
        one.max_stall,
        one.verdict,
        tuple(None if s.locks is None else frozenset(map(_of_lock, s.locks)) for s in one.statements),
        tuple((check.statement, check.kind, check.relation, check.outcome) for check in one.row_checks),
    )


def _of_lock(lock: PlannedLock) -> tuple[Any, ...]:
    return lock.relation, lock.kind, lock.mode, lock.rewrites, lock.scans


def _bytes(plan: Plan) -> int:
    return sum(lock.bytes or 0 for lock in locks_of(plan))


def locks_of(plan: Plan) -> Iterable[PlannedLock]:
    """Yield all known locks of a plan."""
    for migration in plan.migrations:
        for statement in migration.statements:
            yield from statement.locks or ()
