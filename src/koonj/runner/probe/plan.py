"""Convert the plan of an apply or rollback to the plan of a probe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from koonj.postgres.probe_session import LOCK_LIMIT, lock_limit
from koonj.runner.plan.lock_limits import shorter
from koonj.runner.plan.planner import PreparedPlan
from koonj.runner.plan.work import NumberedStatement, Work
from koonj.runner.run.conflict import Conflict
from koonj.sql.display import spaced
from koonj.sql.refusal import Refusal
from koonj.sql.tokens import significant_texts

NOT_TRANSACTIONAL = "not_transactional"
"""State of a conflict: the migration is not one transaction, so it cannot be probed."""


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
    limits = work.limits
    limit = limits.target if limits.own is None else limits.own
    limit = lock_limit(shorter(limit, limits.max_stall) if work.explicit_stall else limit)
    return replace(work, planned=replace(work.planned, lock_timeout=limit, lock_wait=""))


def _isolation_notes(works: Sequence[Work]) -> Iterator[str]:
    """Yield a note for each BEGIN whose modes are ignored.

    The first BEGIN sets the modes of the whole probe.
    """
    first = _transaction_modes(works[0]) if works else ""
    for work in works[1:]:
        modes = _transaction_modes(work)
        if modes and modes != first:
            yield (
                f"{work.migration.name}: {modes} is ignored, because the probe is one transaction and the "
                "first migration sets its mode"
            )


def _transaction_modes(work: Work) -> str:
    """Return the modes in the script's BEGIN: ``ISOLATION LEVEL SERIALIZABLE``.

    Empty if there are none.
    """
    opening = work.steps[0].step.begin if work.steps else None
    if opening is None:
        return ""
    words = (word.upper() for word in significant_texts(opening.text))
    return " ".join(word for word in words if word not in _PLAIN_BEGIN)


_PLAIN_BEGIN = frozenset({"BEGIN", "START", "TRANSACTION", "WORK", ";"})


def _conflict(work: Work) -> Conflict:
    """Return a conflict with the statement that prevents one transaction."""
    name = work.migration.name
    hint = f"Rehearse it on a scratch database instead: koonj rehearse {name}"
    found = _separate_statement(work)
    if found is None:
        message = f"{name} is not one transaction: {work.shape.explanation}."
        return Conflict(name, NOT_TRANSACTIONAL, message, hint, can_allow=False)
    numbered, why = found
    statement = numbered.statement
    message = (
        f"{name} is not one transaction, so it cannot be probed. Statement {numbered.index} of {work.total}, "
        f"line {statement.line} ({statement.summary}): {why}."
    )
    return Conflict(
        name, NOT_TRANSACTIONAL, message, hint, can_allow=False, line=statement.line, column=statement.column
    )


def _separate_statement(work: Work) -> tuple[NumberedStatement, str] | None:
    """Return the first statement that commits separately, and why."""
    outside = [n for step in work.steps if not step.step.in_transaction for n in step.statements]
    for numbered in outside:
        if numbered.statement.refusal is not Refusal.NO:
            verb = "refuses" if numbered.statement.refusal is Refusal.YES else "can refuse"
            return numbered, f"PostgreSQL {verb} {numbered.statement.refusal_reason} in a transaction"
    if outside:
        return outside[0], "it is outside BEGIN … COMMIT, so it commits immediately"
    later = [n for step in work.steps[1:] for n in step.statements]
    return (later[0], "the COMMIT before it ends the file's first transaction") if later else None
