"""From what a rehearsal saw to its verdict. Values in, values out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from koonj.migrations.migration import Migration
from koonj.postgres.catalog.catalog import Difference
from koonj.postgres.catalog.compare import top_level
from koonj.postgres.catalog.difference_wording import describe
from koonj.runner.rehearse.cycle import CycleResult
from koonj.runner.rehearse.data_loss import losses
from koonj.runner.rehearse.findings import findings, outside_schema
from koonj.runner.rehearse.script_effects import side_of
from koonj.runner.rehearse.verdict import Rehearsal, RehearsalFailure, Verdict
from koonj.runner.run.events import Failure
from koonj.sql.problem import Problem, first_error

_NAMED = 3
"""Differences that a sentence names; all are in the rehearsal."""


@dataclass(frozen=True, slots=True)
class RehearsalOrigin:
    """Where a rehearsal took place."""

    server: str
    major: int
    like: str | None


def judge(seen: CycleResult, key: str, setting: RehearsalOrigin) -> Rehearsal:
    """The verdict on a migration that was rehearsed."""
    migration = seen.migration
    down = () if seen.rollback is None else seen.rollback.traces
    sides = (
        side_of(seen.apply.traces, migration.shape),
        side_of(down, None if seen.rollback is None else migration.rollback_shape),
    )
    lost = losses(*sides)
    verdict, message = _verdict(seen, lost)
    failed = seen.failed
    return Rehearsal(
        name=migration.name,
        number=migration.number,
        verdict=verdict,
        message=message,
        cache_key=key,
        server=setting.server,
        major=setting.major,
        like=setting.like,
        losses=lost,
        differences=seen.back or seen.repeated,
        findings=(*findings(*sides), *outside_schema(seen.left, seen.missing)),
        apply=seen.apply.traces,
        rollback=down,
        failure=None if failed is None else rehearsal_failure(*failed),
        apply_seconds=seen.apply.seconds,
        rollback_seconds=0.0 if seen.rollback is None else seen.rollback.seconds,
        at=datetime.now(UTC),
    )


def unknown(
    migration: Migration,
    key: str,
    setting: RehearsalOrigin,
    why: str,
    failure: RehearsalFailure,
    verdict: Verdict = Verdict.UNKNOWN,
) -> Rehearsal:
    """Of a migration that could not be rehearsed."""
    return Rehearsal(
        name=migration.name,
        number=migration.number,
        verdict=verdict,
        message=why,
        cache_key=key,
        server=setting.server,
        major=setting.major,
        like=setting.like,
        failure=failure,
        at=datetime.now(UTC),
    )


def broken(migration: Migration, key: str, setting: RehearsalOrigin) -> Rehearsal:
    """Of one of whose scripts the text alone says that it cannot be run."""
    of_body = first_error(migration.body_problems)
    problem = of_body or first_error(migration.rollback_problems)
    assert problem is not None
    what, phase = ("The migration", "apply") if of_body is not None else ("The rollback", "rollback")
    message = f"{what} cannot be run: {problem.message}"
    failure = failure_of_problem(migration, phase, problem)
    return unknown(migration, key, setting, message, failure, Verdict.BROKEN)


def failure_of_problem(migration: Migration, phase: str, problem: Problem) -> RehearsalFailure:
    """What keeps a script from being run, as a rehearsal keeps it."""
    return RehearsalFailure(
        phase=phase,
        name=migration.name,
        file=migration.shown_path,
        statement=0,
        line=problem.line,
        column=problem.column,
        message=problem.message,
        sqlstate=None,
        hint=problem.hint,
    )


def rehearsal_failure(phase: str, failure: Failure) -> RehearsalFailure:
    """A failed statement as a rehearsal keeps it."""
    return RehearsalFailure(
        phase=phase,
        name=failure.name,
        file=failure.file,
        statement=failure.statement,
        line=failure.line,
        column=failure.column,
        message=failure.message,
        sqlstate=failure.sqlstate,
        detail=failure.detail,
        hint=failure.hint,
    )


def _verdict(seen: CycleResult, lost: tuple[str, ...]) -> tuple[Verdict, str]:
    wrong = [d for d in (*seen.back, *seen.repeated) if not d.order_only]
    failed = seen.failed
    if wrong:
        return Verdict.INCOMPLETE, _incomplete(seen, failed)
    if failed is not None:
        phase, failure = failed
        return Verdict.BROKEN, f"{_PHASES[phase]} fails: {_line(failure.message)}"
    if seen.rollback is None:
        return Verdict.IRREVERSIBLE, _no_way_back(seen.migration)
    moved = [d for d in (*seen.back, *seen.repeated) if d.order_only]
    if moved:
        gone = f" And data is gone: the migration {lost[0]}." if lost else ""
        return Verdict.REORDERED, f"Columns come back in another order: {_named(moved)}.{gone}"
    if lost:
        more = f", and {len(lost) - 1} more" if len(lost) > 1 else ""
        return Verdict.LOSSY, f"The schema comes back, data does not: the migration {lost[0]}{more}."
    return Verdict.VERIFIED, "The rollback restores the schema exactly, and the migration repeats."


_PHASES = {"apply": "The migration", "rollback": "The rollback", "reapply": "The migration, run again,"}


def _incomplete(seen: CycleResult, failed: tuple[str, Failure] | None) -> str:
    if seen.rollback is None:
        return f"The file does not say how to undo it, so this stays: {_named(seen.back)}."
    if not any(not d.order_only for d in seen.back):
        return f"Run again, the migration makes another schema: {_named(seen.repeated)}."
    more = f" Run again, the migration fails: {_line(failed[1].message)}" if failed is not None else ""
    return f"The rollback does not restore the schema: {_named(seen.back)}.{more}"


def _line(message: str) -> str:
    """libpq says in several that a session is lost."""
    return " ".join(line.strip() for line in message.splitlines())


def _named(differences: tuple[Difference, ...] | list[Difference]) -> str:
    top = top_level(tuple(differences))
    named = "; ".join(describe(difference) for difference in top[:_NAMED])
    return f"{named}; and {len(top) - _NAMED} more" if len(top) > _NAMED else named


def _no_way_back(migration: Migration) -> str:
    reason = migration.sections.none_reason
    if reason is not None:
        return f"Declared irreversible: {reason}"
    return "The file does not say how to undo it."
