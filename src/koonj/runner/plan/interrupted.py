"""Let a plan continue interrupted migrations of which it is known what they committed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.postgres.advisory_lock import holder_words
from koonj.runner.evidence.interruption import Interruption
from koonj.runner.evidence.interruption_wording import finding_words, place_words, way_on_words
from koonj.runner.plan.planner import PreparedPlan, note_words
from koonj.runner.run.conflict import Conflict


def with_interruptions(
    planned: PreparedPlan,
    statuses: Sequence[MigrationStatus],
    interruptions: Mapping[int, Interruption],
    target_option: str,
) -> PreparedPlan:
    """Return the plan with what is known of interrupted runs, as notes and in its conflicts."""
    if not interruptions:
        return planned
    by_name = {status.name: status for status in statuses}
    known = tuple(i for i in interruptions.values() if i.known_done is not None and _concerns(i, planned))
    conflicts = tuple(
        _explained(conflict, by_name.get(conflict.name), interruptions, target_option)
        for conflict in planned.plan.conflicts
    )
    told = {note_words(by_name[i.entry.name]) for i in interruptions.values() if i.entry.name in by_name}
    notes = (*_notes(known), *(note for note in planned.plan.notes if note not in told))
    return replace(planned, plan=replace(planned.plan, conflicts=conflicts, notes=notes), interruptions=known)


def _concerns(interruption: Interruption, planned: PreparedPlan) -> bool:
    """Return whether the run records it. What a failed statement left matters only if it runs again."""
    entry = interruption.entry
    if not interruption.has_failed or interruption.known_done != entry.statements_done:
        return True
    return any(
        work.migration.name == entry.name and work.direction.action is entry.action for work in planned.works
    )


def without_repaired(
    conflicts: Iterable[Conflict], interruptions: Iterable[Interruption]
) -> tuple[Conflict, ...]:
    """Return the conflicts about INVALID indexes without those that the run drops first."""
    dropped = {
        (i.entry.name, f"Index {command.removeprefix('DROP INDEX CONCURRENTLY ')} is INVALID")
        for i in interruptions
        for command in i.repair
    }
    return tuple(
        c for c in conflicts if not any(c.name == name and text in c.message for name, text in dropped)
    )


def _notes(known: Iterable[Interruption]) -> Iterator[str]:
    for interruption in known:
        yield f"{interruption.entry.name}: {finding_words(interruption)} {way_on_words(interruption)}"


def _explained(
    conflict: Conflict,
    status: MigrationStatus | None,
    interruptions: Mapping[int, Interruption],
    target_option: str,
) -> Conflict:
    """Return a conflict about an interruption with what is known, and what to do."""
    if conflict.state != State.INTERRUPTED or status is None or status.last_entry is None:
        return conflict
    interruption = interruptions.get(status.last_entry.id)
    if interruption is None:
        return conflict
    place, found = place_words(interruption, status.migration), finding_words(interruption)
    if interruption.is_running:
        held = interruption.holder
        who = "" if held is None else f" {holder_words(held)} holds the koonj lock."
        message = f"{status.name} is running now, {place}. {found}{who}"
        hint = "Wait until that run has finished, then retry."
        return replace(conflict, state=State.RUNNING.value, message=message, hint=hint)
    message = f"{status.name} was interrupted {place}. {found}"
    hint = f"To see what can be done, run: koonj settle {status.number}{target_option}"
    return replace(conflict, message=message, hint=hint)
