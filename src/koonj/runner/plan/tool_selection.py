"""Select the migrations of a request in a folder of another tool, as the tool itself would."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from koonj.migrations.folder import Folder
from koonj.migrations.layouts.tool_history import ToolHistory
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.layouts.tool_writer import ToolWriter
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.names import TO_LIST, no_migration
from koonj.migrations.states import State
from koonj.runner.plan.decisions import DecidedSelection
from koonj.runner.plan.folder_conflicts import problems_as_conflicts
from koonj.runner.plan.planner import PreparedPlan
from koonj.runner.plan.selection import UNKNOWN_NUMBER, Selection
from koonj.runner.plan.work import Work
from koonj.runner.run.conflict import NOT_TRANSACTIONAL, TOOL_REFUSES, Conflict
from koonj.runner.run.direction import Direction
from koonj.runner.run.request import Extent, Request
from koonj.sql.problem import Severity

_PENDING = frozenset({State.PENDING, State.LATE})


def select_of_tool(
    folder: Folder,
    statuses: Sequence[MigrationStatus],
    history: ToolHistory,
    request: Request,
    writer: ToolWriter,
) -> DecidedSelection:
    """Select the migrations that a request would run, in the tool's order, and find the conflicts.

    `history`: from which the statuses were read. None of these conflicts can be allowed: the tool's history
    has no place for a decision.
    """
    assert folder.layout is not None, "the folder belongs to a tool"
    tool = folder.layout.name
    if request.extent is Extent.UP_TO and request.number not in {0, *(s.number for s in statuses)}:
        assert request.number is not None
        unknown = Conflict("", UNKNOWN_NUMBER, no_migration(request.number), TO_LIST, can_allow=False)
        return DecidedSelection(tuple(statuses), Selection((), (unknown,)), ())
    if request.direction is Direction.APPLY:
        pending = [s for s in statuses if s.state in _PENDING and _runs(s, writer)]
        selected = _limited(pending, statuses, request)
        conflicts = (*_of_folder(folder, tool), *_of_apply(selected, statuses, tool, writer))
    else:
        limited = _limited(writer.rollback_order(statuses, history), statuses, request)
        selected = tuple(s for s in limited if s.migration)
        conflicts = (
            *_no_rollback(selected, writer),
            *(_without_file(s, tool) for s in limited if not s.migration),
        )
    failed = tuple(_failed(status, tool) for status in statuses if status.state is State.FAILED)
    refused = tuple(
        Conflict(one.name, TOOL_REFUSES, one.message, one.hint, can_allow=False)
        for one in writer.refusals(statuses, history)
    )
    return DecidedSelection(tuple(statuses), Selection(selected, (*failed, *refused, *conflicts)), ())


def with_tool_conflicts(planned: PreparedPlan, tool: str, new_tables: Sequence[str]) -> PreparedPlan:
    """Return the plan with what is to be said about migrations that do not run in one transaction.

    `tool`: its name; `new_tables`: those of the tool that the run makes.
    """
    found, notes = list[Conflict](), list[str]()
    if new_tables and planned.works:
        notes.append(f"koonj creates {' and '.join(new_tables)}, as {tool} does.")
    for work in planned.works:
        if work.in_one_transaction:
            continue
        reason = _why_not_in_steps(work, tool)
        if reason:
            hint = f"Run it with {tool}. koonj runs those before it and after it."
            found.append(Conflict(work.migration.name, NOT_TRANSACTIONAL, reason, hint, can_allow=False))
        else:
            notes.append(
                f"{work.migration.name} does not run in one transaction: its statements commit one by one, "
                f"and {tool}'s row is written after the last one, as with {tool}."
            )
    plan = replace(planned.plan, notes=(*notes, *planned.plan.notes))
    known = {(conflict.name, conflict.state) for conflict in plan.conflicts}
    new = tuple(conflict for conflict in found if (conflict.name, conflict.state) not in known)
    conflicts = tuple(_final(conflict) for conflict in (*plan.conflicts, *new))
    return replace(planned, plan=replace(plan, conflicts=conflicts))


def _why_not_in_steps(work: Work, tool: str) -> str:
    """Return why koonj does not run a migration that is not one transaction; empty if it does."""
    if any(step.step.in_transaction or step.step.begin or step.step.end for step in work.steps):
        return (
            f"{work.migration.name} begins and ends transactions itself, so {tool}'s row for it could not be "
            f"committed together with it: {work.planned.explanation}."
        )
    return ""


def _final(conflict: Conflict) -> Conflict:
    """Return a conflict as one that cannot be allowed."""
    if not conflict.can_allow:
        return conflict
    hint = "Fix the file, or the policy of the target: the history of the tool has no place for a decision."
    return replace(conflict, can_allow=False, hint=hint)


def _limited(
    chosen: Sequence[MigrationStatus], statuses: Sequence[MigrationStatus], request: Request
) -> tuple[MigrationStatus, ...]:
    if request.extent is not Extent.UP_TO:
        return tuple(chosen[:1] if request.extent is Extent.NEXT else chosen)
    places = {status.name: place for place, status in enumerate(statuses)}
    last = max((places[s.name] for s in statuses if s.number == request.number), default=-1)
    if request.direction is Direction.APPLY:
        return tuple(s for s in chosen if places[s.name] <= last)
    return tuple(s for s in chosen if places[s.name] > last)


def _of_folder(folder: Folder, tool: str) -> Iterator[Conflict]:
    """Yield the files that koonj cannot read: one of them might have to run first."""
    for name, problem in folder.problems:
        if problem.severity is Severity.NOTE:  # the tool passes over it, too
            continue
        yield Conflict(
            name,
            problem.code,
            f"{name}: {problem.message}",
            problem.hint or f"Run it with {tool}.",
            can_allow=False,
        )


def _of_apply(
    selected: Sequence[MigrationStatus], statuses: Sequence[MigrationStatus], tool: str, writer: ToolWriter
) -> Iterator[Conflict]:
    versions = Counter(s.migration.version for s in statuses if isinstance(s.migration, ToolMigration))
    for status in selected:
        migration = status.migration
        assert isinstance(migration, ToolMigration)
        if status.state is State.LATE and not writer.runs_late:
            yield Conflict(
                status.name,
                State.LATE.value,
                f"{status.name} is pending, but a migration after it is applied. {tool} does not apply it.",
                "Give it a higher number.",
                can_allow=False,
            )
        if versions[migration.version] > 1:
            yield Conflict(
                status.name,
                State.DUPLICATE.value,
                f"{status.name} has the same version as another file, and {tool} records only one of them.",
                "Give it another number.",
                can_allow=False,
            )
        yield from problems_as_conflicts(migration.shown_path, status.name, migration.problems)


def _runs(status: MigrationStatus, writer: ToolWriter) -> bool:
    return isinstance(status.migration, ToolMigration) and not writer.skips(status.migration)


def _no_rollback(selected: Sequence[MigrationStatus], writer: ToolWriter) -> Iterator[Conflict]:
    for status in selected if writer.no_rollback else ():
        hint = "Write a new migration that undoes its changes."
        yield Conflict(status.name, TOOL_REFUSES, writer.no_rollback, hint, can_allow=False)


def _without_file(status: MigrationStatus, tool: str) -> Conflict:
    return Conflict(
        status.name,
        State.MISSING.value,
        f"{status.name} would be rolled back now, but no file has this version. {tool} refuses it, too.",
        "Restore the file.",
        can_allow=False,
    )


def _failed(status: MigrationStatus, tool: str) -> Conflict:
    return Conflict(
        status.name,
        State.FAILED.value,
        f"{status.name}: {status.note}.",
        f"Repair the database, then tell {tool} what is applied.",
        can_allow=False,
    )
