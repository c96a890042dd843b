"""Convert the plan of an apply to that of a batch: all migrations in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from koonj.humanize import count
from koonj.runner.plan.one_transaction import not_one_transaction, transaction_modes
from koonj.runner.plan.planner import PreparedPlan
from koonj.runner.plan.work import BatchPlace, NumberedStatement, Work
from koonj.runner.run.conflict import NOT_TRANSACTIONAL, Conflict
from koonj.sql.tokens import significant_texts

_CANNOT = "cannot be in a batch"


def as_batch(planned: PreparedPlan) -> PreparedPlan:
    """Return the plan of a batch, with a conflict for each migration that cannot be in one.

    A plan that is one already only gets the conflicts that it does not have yet.
    """
    plan, number = planned.plan, len(planned.works)
    works = tuple(_in_batch(work, index, planned.works) for index, work in enumerate(planned.works, start=1))
    known = {(conflict.name, conflict.state) for conflict in plan.conflicts}
    conflicts = [c for c in _conflicts(planned.works) if (c.name, c.state) not in known]
    notes = plan.notes if plan.batch or not number else (_note(number), *plan.notes)
    migrations = {work.migration.name: work.planned.explanation for work in works}
    plan = replace(
        plan,
        batch=True,
        migrations=tuple(replace(m, explanation=migrations[m.name]) for m in plan.migrations),
        conflicts=(*plan.conflicts, *conflicts),
        notes=notes,
    )
    return replace(planned, plan=plan, works=works)


def _in_batch(work: Work, index: int, works: Sequence[Work]) -> Work:
    if not work.in_one_transaction:
        return work
    place = BatchPlace(index, len(works), works[-1].migration.number)
    planned = replace(work.planned, explanation=f"in the transaction of the batch, {index} of {len(works)}")
    return replace(work, batch=place, planned=planned)


def _note(number: int) -> str:
    return (
        f"batch: {count(number, 'migration')} in one transaction, with their history entries. All of them "
        "are committed at its end, or none. It keeps all its locks until then. Rehearsals run each migration "
        "in a transaction of its own; to try them in one, probe them"
    )


def _conflicts(works: Sequence[Work]) -> Iterator[Conflict]:
    for before, work in zip((None, *works), works, strict=False):
        hint = _hint(before)
        if not work.in_one_transaction:
            yield not_one_transaction(work, _CANNOT, hint)
        elif modes := transaction_modes(work):
            yield _own_modes(work, f"its BEGIN sets {modes}", None, hint)
        elif setting := next(filter(_sets_modes, _statements(work)), None):
            what = f"statement {setting.index} sets the mode of its transaction"
            yield _own_modes(work, what, setting, hint)


def _hint(before: Work | None) -> str:
    alone = "apply it alone: koonj apply"
    if before is None:
        return f"First {alone}"
    return f"Apply those before it: koonj apply --batch {before.migration.number}. Then {alone}"


def _own_modes(work: Work, what: str, at: NumberedStatement | None, hint: str) -> Conflict:
    name = work.migration.name
    statement = work.steps[0].step.begin if at is None else at.statement
    line, column = (None, None) if statement is None else (statement.line, statement.column)
    message = f"{name} {_CANNOT}: {what}, and that would be the mode of all migrations in it."
    return Conflict(name, NOT_TRANSACTIONAL, message, hint, can_allow=False, line=line, column=column)


def _statements(work: Work) -> Iterator[NumberedStatement]:
    return (numbered for step in work.steps for numbered in step.statements)


def _sets_modes(numbered: NumberedStatement) -> bool:
    """Return whether it is SET TRANSACTION, or sets one of its modes by name."""
    if numbered.statement.verb != "set":
        return False
    words = [word.lower() for word in islice(significant_texts(numbered.statement.text), 3)]
    return next((word for word in words[1:] if word not in {"local", "session"}), "") in _MODES


_MODES = frozenset(
    {"transaction", "transaction_isolation", "transaction_read_only", "transaction_deferrable"}
)
