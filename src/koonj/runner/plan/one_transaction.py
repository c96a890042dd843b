"""Why a migration cannot be in one transaction with others: for a probe and for a batch."""

from __future__ import annotations

from koonj.runner.plan.work import NumberedStatement, Work
from koonj.runner.run.conflict import NOT_TRANSACTIONAL, Conflict
from koonj.sql.refusal import Refusal
from koonj.sql.tokens import significant_texts


def not_one_transaction(work: Work, cannot: str, hint: str) -> Conflict:
    """Return a conflict with the statement that prevents one transaction. `cannot`: what is not possible."""
    name = work.migration.name
    found = _separate_statement(work)
    if found is None:
        message = f"{name} is not one transaction: {work.shape.explanation}."
        return Conflict(name, NOT_TRANSACTIONAL, message, hint, can_allow=False)
    numbered, why = found
    statement = numbered.statement
    message = (
        f"{name} is not one transaction, so it {cannot}. Statement {numbered.index} of {work.total}, "
        f"line {statement.line} ({statement.summary}): {why}."
    )
    return Conflict(
        name, NOT_TRANSACTIONAL, message, hint, can_allow=False, line=statement.line, column=statement.column
    )


def transaction_modes(work: Work) -> str:
    """Return the modes in the script's BEGIN: ``ISOLATION LEVEL SERIALIZABLE``.

    Empty if there are none.
    """
    opening = work.steps[0].step.begin if work.steps else None
    if opening is None:
        return ""
    words = (word.upper() for word in significant_texts(opening.text))
    return " ".join(word for word in words if word not in _PLAIN_BEGIN)


_PLAIN_BEGIN = frozenset({"BEGIN", "START", "TRANSACTION", "WORK", ";"})


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
