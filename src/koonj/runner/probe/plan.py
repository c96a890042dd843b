"""A plan as a probe carries it out: what it refuses, its short lock_timeout, and what to know of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from koonj.postgres.probe_session import LOCK_LIMIT, lock_limit
from koonj.runner.plan.planner import PreparedPlan
from koonj.runner.plan.work import NumberedStatement, Work
from koonj.runner.run.events import Conflict
from koonj.sql.display import spaced
from koonj.sql.refusal import Refusal
from koonj.sql.tokens import significant_texts

NOT_TRANSACTIONAL = "not_transactional"
"""The state of a migration that cannot be rolled back as a whole, so that it cannot be probed."""


def as_probe(planned: PreparedPlan) -> PreparedPlan:
    """The plan of a probe. Decisions only let it pass: history, which keeps them, is not written."""
    works = tuple(_bounded(work) for work in planned.works)
    plan = planned.plan
    stops = tuple(_conflict(work) for work in works if not work.in_one_transaction)
    notes = (_note(plan.target), *_isolation(works), *(_passed(o) for o in plan.allowed), *plan.notes)
    plan = replace(
        plan,
        migrations=tuple(work.planned for work in works),
        conflicts=(*plan.conflicts, *stops),
        allowed=(),
        notes=notes,
    )
    return replace(planned, plan=plan, works=works, decisions=())


def _note(target: str) -> str:
    return (
        f"probe: BEGIN … ROLLBACK on {target} itself: its locks are real, sequences do not go back, "
        f"lock_timeout {LOCK_LIMIT} at most"
    )


def _passed(conflict: Conflict) -> str:
    return f"allowed for this probe, and not recorded: {spaced(conflict.state)}: {conflict.message}"


def _bounded(work: Work) -> Work:
    limit = lock_limit(work.planned.lock_timeout)
    return replace(work, planned=replace(work.planned, lock_timeout=limit))


def _isolation(works: Sequence[Work]) -> Iterator[str]:
    """Each BEGIN that asks for another kind of transaction than the one there will be."""
    first = _modes(works[0]) if works else ""
    for work in works[1:]:
        modes = _modes(work)
        if modes and modes != first:
            yield f"{work.migration.name}: its {modes} is not used: all is one transaction, of the first"


def _modes(work: Work) -> str:
    """What the script's own BEGIN asks for: ``ISOLATION LEVEL SERIALIZABLE``; empty where it is nothing."""
    opening = work.steps[0].step.begin if work.steps else None
    if opening is None:
        return ""
    words = (word.upper() for word in significant_texts(opening.text))
    return " ".join(word for word in words if word not in _PLAIN)


_PLAIN = frozenset({"BEGIN", "START", "TRANSACTION", "WORK", ";"})


def _conflict(work: Work) -> Conflict:
    """Which statement keeps a migration from being one transaction, and why."""
    name = work.migration.name
    hint = f"Rehearse it instead, on scratch: koonj rehearse {name}"
    found = _culprit(work)
    if found is None:
        message = f"{name} is not one transaction: {work.shape.explanation}."
        return Conflict(name, NOT_TRANSACTIONAL, message, hint, can_allow=False)
    numbered, why = found
    statement = numbered.statement
    message = (
        f"{name} cannot be rolled back as a whole: statement {numbered.index} of {work.total}, "
        f"line {statement.line} ({statement.summary}): {why}."
    )
    return Conflict(
        name, NOT_TRANSACTIONAL, message, hint, can_allow=False, line=statement.line, column=statement.column
    )


def _culprit(work: Work) -> tuple[NumberedStatement, str] | None:
    alone = [n for step in work.steps if not step.step.in_transaction for n in step.statements]
    for numbered in alone:
        if numbered.statement.refusal is not Refusal.NO:
            verb = "refuses" if numbered.statement.refusal is Refusal.YES else "may refuse"
            return numbered, f"PostgreSQL {verb} {numbered.statement.refusal_reason} in a transaction"
    if alone:
        return alone[0], "it stands outside BEGIN … COMMIT, and commits at once"
    later = [n for step in work.steps[1:] for n in step.statements]
    return (later[0], "the COMMIT before it ends the file's first transaction") if later else None
