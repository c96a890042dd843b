"""Judge a rehearsal: compute the verdict from what was observed. Pure functions."""

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
from koonj.runner.rehearse.rows_findings import rows_findings
from koonj.runner.rehearse.script_effects import script_effects
from koonj.runner.rehearse.verdict import Rehearsal, RehearsalFailure, Verdict
from koonj.runner.run.failure import Failure
from koonj.sql.problem import Problem, first_error

_NAMED = 3
"""Maximum number of differences in one sentence; `Rehearsal.differences` has all."""


@dataclass(frozen=True, slots=True)
class RehearsalOrigin:
    """Server and start of a rehearsal; see the same fields of Rehearsal."""

    server: str
    major: int
    like: str | None


def judge(cycle: CycleResult, key: str, origin: RehearsalOrigin) -> Rehearsal:
    """Return the verdict on a migration that was rehearsed.

    `key`: its key in the cache.
    """
    migration = cycle.migration
    rollback_traces = () if cycle.rollback is None else cycle.rollback.traces
    tried = frozenset() if cycle.trial is None else cycle.trial.tables_with_rows
    rollback_shape = None if cycle.rollback is None else migration.rollback_shape
    scripts = (
        script_effects(cycle.apply.traces, migration.shape, tried, cycle.routines),
        script_effects(rollback_traces, rollback_shape, tried, cycle.routines),
    )
    lost = losses(*scripts, cycle.trial)
    verdict, message = _verdict(cycle, lost)
    failed = cycle.failed
    return Rehearsal(
        name=migration.name,
        number=migration.number,
        verdict=verdict,
        message=message,
        cache_key=key,
        server=origin.server,
        major=origin.major,
        like=origin.like,
        losses=lost,
        differences=cycle.rollback_differences or cycle.reapply_differences,
        reapply_differs=not cycle.rollback_differences and bool(cycle.reapply_differences),
        findings=(
            *findings(*scripts),
            *rows_findings(cycle),
            *outside_schema(cycle.left_outside, cycle.missing_outside),
        ),
        apply=cycle.apply.traces,
        rollback=rollback_traces,
        apply_commits=cycle.apply.commits,
        rollback_commits=() if cycle.rollback is None else cycle.rollback.commits,
        failure=None if failed is None else rehearsal_failure(*failed),
        apply_seconds=cycle.apply.seconds,
        rollback_seconds=0.0 if cycle.rollback is None else cycle.rollback.seconds,
        at=datetime.now(UTC),
        demands=cycle.apply.demands,
    )


def unknown_rehearsal(
    migration: Migration,
    key: str,
    origin: RehearsalOrigin,
    why: str,
    failure: RehearsalFailure,
    verdict: Verdict = Verdict.UNKNOWN,
) -> Rehearsal:
    """Return the result for a migration that could not be rehearsed.

    `why`: the reason, one sentence.
    """
    return Rehearsal(
        name=migration.name,
        number=migration.number,
        verdict=verdict,
        message=why,
        cache_key=key,
        server=origin.server,
        major=origin.major,
        like=origin.like,
        failure=failure,
        at=datetime.now(UTC),
    )


def broken_rehearsal(migration: Migration, key: str, origin: RehearsalOrigin) -> Rehearsal:
    """Return the verdict for a migration whose file has errors, without running it."""
    body_problem = first_error(migration.body_problems)
    problem = body_problem or first_error(migration.rollback_problems)
    assert problem is not None
    script, phase = ("The migration", "apply") if body_problem is not None else ("The rollback", "rollback")
    message = f"{script} cannot be run: {problem.message}"
    failure = failure_of_problem(migration, phase, problem)
    return unknown_rehearsal(migration, key, origin, message, failure, Verdict.BROKEN)


def failure_of_problem(migration: Migration, phase: str, problem: Problem) -> RehearsalFailure:
    """Return an error in the text of a script as the failure of a rehearsal."""
    return RehearsalFailure(
        phase=phase,
        name=migration.name,
        file=migration.path_of(problem),
        statement=0,
        line=problem.line,
        column=problem.column,
        message=problem.message,
        sqlstate=None,
        hint=problem.hint,
    )


def rehearsal_failure(phase: str, failure: Failure) -> RehearsalFailure:
    """Return a failed statement as the failure of a rehearsal."""
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


def _verdict(cycle: CycleResult, lost: tuple[str, ...]) -> tuple[Verdict, str]:
    wrong = [d for d in (*cycle.rollback_differences, *cycle.reapply_differences) if not d.order_only]
    failed = cycle.failed
    if wrong:
        sentence, also = _incomplete(cycle, failed), _also_lost(cycle, lost)
        return Verdict.INCOMPLETE, f"{sentence.removesuffix('.')}.{also}" if also else sentence
    if failed is not None:
        phase, failure = failed
        sentence, also = f"{_PHASES[phase]}: {_one_line(failure.message)}", _also_lost(cycle, lost)
        return Verdict.BROKEN, f"{sentence.removesuffix('.')}.{also}" if also else sentence
    if cycle.rollback is None or not cycle.migration.has_statements:
        return _nothing_verified(cycle.migration)
    moved = [d for d in (*cycle.rollback_differences, *cycle.reapply_differences) if d.order_only]
    order = f"The rollback restores columns in a different order: {_named(moved)}." if moved else ""
    if lost:
        sentence = f"The rollback restores the schema but not the data: the migration {_first(lost)}."
        return Verdict.LOSSY, f"{sentence} {order}".strip()
    if moved:
        return Verdict.REORDERED, order
    return (
        Verdict.VERIFIED,
        "The rollback restores the schema exactly, and the migration can be applied again.",
    )


_PHASES = {
    "apply": "The migration fails",
    "rollback": "The rollback fails",
    "reapply": "The migration fails when it is applied again",
}


def _first(lost: tuple[str, ...]) -> str:
    return f"{lost[0]}, and {len(lost) - 1} more" if len(lost) > 1 else lost[0]


def _also_lost(cycle: CycleResult, lost: tuple[str, ...]) -> str:
    """Return a sentence about lost data, for a verdict that has another reason."""
    if not lost or cycle.rollback is None or cycle.rollback.failure is not None:
        return ""
    return f" The rollback does not restore the data either: the migration {_first(lost)}."


def _incomplete(cycle: CycleResult, failed: tuple[str, Failure] | None) -> str:
    if cycle.rollback is None:
        missing = _NO_ROLLBACK if cycle.migration.sections.rollback is None else _EMPTY
        return f"The {missing}, so the following would remain: {_named(cycle.rollback_differences)}."
    if not any(not d.order_only for d in cycle.rollback_differences):
        fixed = {(name.kind, name.identity) for name in cycle.fixed_times}
        because = (
            " A time in it is fixed when the migration runs."
            if all((d.kind, d.identity) in fixed for d in cycle.reapply_differences)
            else ""
        )
        different = _named(cycle.reapply_differences)
        return f"Applied again, the migration produces a different schema: {different}.{because}"
    more = (
        f" The migration fails when it is applied again: {_one_line(failed[1].message)}"
        if failed is not None
        else ""
    )
    return f"The rollback does not restore the schema: {_named(cycle.rollback_differences)}.{more}"


def _one_line(message: str) -> str:
    """Return the message as one line. libpq reports a lost session in several."""
    return " ".join(line.strip() for line in message.splitlines())


def _named(differences: tuple[Difference, ...] | list[Difference]) -> str:
    top = top_level(tuple(differences))
    named = "; ".join(describe(difference) for difference in top[:_NAMED])
    return f"{named}; and {len(top) - _NAMED} more" if len(top) > _NAMED else named


def _nothing_verified(migration: Migration) -> tuple[Verdict, str]:
    """Return the verdict on a migration without statements, or without a rollback."""
    if not migration.has_statements:
        return Verdict.UNKNOWN, "The file has no statements, so there is nothing to verify."
    reason, of_tool = migration.sections.none_reason, migration.shape.of_tool
    if reason is not None:
        return Verdict.IRREVERSIBLE, f"{reason}." if of_tool else f"Declared irreversible: {reason}"
    missing = _NO_ROLLBACK if migration.sections.rollback is None else _EMPTY
    if of_tool:
        return Verdict.INCOMPLETE, f"The {missing}."
    return (
        Verdict.INCOMPLETE,
        f"The {missing}. Write it, or say why there is none: '-- Rollback: nothing to undo: <reason>' or "
        "'-- Rollback: none: <reason>'.",
    )


_NO_ROLLBACK = "file has no rollback"
_EMPTY = "rollback has no statements"
