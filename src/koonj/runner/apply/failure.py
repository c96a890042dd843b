"""What went wrong, where in the file, what it leaves and what can be done: as one value."""

from __future__ import annotations

import re

import psycopg
from psycopg.errors import Diagnostic

from koonj.postgres.errors import error_message
from koonj.runner.apply.statement import StatementError
from koonj.runner.plan.work import Work
from koonj.runner.run.events import Direction, Failure
from koonj.sql.source import Source
from koonj.sql.statements import Statement

COMMANDS = {Direction.APPLY: "koonj apply", Direction.ROLLBACK: "koonj rollback"}


class MigrationError(Exception):
    """A migration stopped; the failure says all."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def of_error(
    work: Work,
    error: StatementError | psycopg.Error,
    *,
    state: str,
    next_steps: tuple[str, ...],
    committed: tuple[str, ...] = (),
) -> Failure:
    """The failure of a statement; or, of a plain psycopg.Error, that of BEGIN, COMMIT or the history row."""
    index, cause, (line, column) = _cause(work, error)
    diagnostic = cause.diag
    return Failure(
        name=work.migration.name,
        direction=work.direction,
        statement=index,
        of=work.total,
        file=work.migration.shown_path,
        line=line,
        column=column,
        source_line=_source(work, line, column),
        sqlstate=cause.sqlstate,
        severity=diagnostic.severity or "ERROR",
        message=error_message(cause),
        detail=diagnostic.message_detail,
        hint=diagnostic.message_hint,
        context=diagnostic.context,
        committed=committed,
        target_state=state,
        next_steps=next_steps,
    )


def _cause(
    work: Work, error: StatementError | psycopg.Error
) -> tuple[int, psycopg.Error, tuple[int | None, int | None]]:
    """Number of the statement, what the server said, line and column in the file."""
    if isinstance(error, psycopg.Error):
        return 0, error, _closing(work)
    return error.numbered.index, error.error, _place(work, error.numbered.statement, error.error.diag)


def of_cancel(work: Work, state: str, done: int) -> Failure:
    """Cancelled by a person between two statements, so that the server had nothing to say."""
    return Failure(
        name=work.migration.name,
        direction=work.direction,
        statement=0,
        of=work.total,
        file=work.migration.shown_path,
        line=None,
        column=None,
        source_line="",
        sqlstate=None,
        severity="ERROR",
        message="cancelled between two statements",
        committed=done_lines(work, done),
        target_state=state,
        next_steps=next_steps(work, done),
    )


def _place(work: Work, statement: Statement, said: Diagnostic) -> tuple[int, int | None]:
    """Line and column in the file of what the server means, or of the statement."""
    if statement.copy_data is not None:
        row = _COPY_ROW.match(said.context or "")
        if row is not None:
            first, _ = work.script.locate(statement.copy_data[0])
            return first + int(row[1]) - 1, None
    if said.statement_position is None:
        return statement.line, statement.column
    return work.script.locate_in(statement, int(said.statement_position) - 1)


_COPY_ROW = re.compile(r"COPY [^\n]*?, \D*([0-9]+)")
"""The context of an error in a row of COPY, in any language: ``COPY words, line 2, column id: …``."""


def _source(work: Work, line: int | None, column: int | None) -> str:
    """The line of the file; of one too long to be shown its beginning, if the place is there."""
    if line is None:
        return ""
    text = Source(work.migration.text).line(line)
    return text if len(text) <= _LONG else text[:_LONG] if (column or 1) <= _LONG else ""


_LONG = 10_000
"""Characters of a line that go into an event."""


def _closing(work: Work) -> tuple[int | None, int | None]:
    """Where the script's COMMIT stands: deferred constraints fail there."""
    closing = work.steps[-1].step.end if work.steps else None
    return (None, None) if closing is None else (closing.line, closing.column)


def done_lines(work: Work, done: int) -> tuple[str, ...]:
    """What is committed of a migration of which `done` statements are: a line each."""
    return tuple(f"statement {s.index}: {s.summary}" for s in work.planned.statements[:done])


def next_steps(work: Work, done: int, *, unknown: bool = False) -> tuple[str, ...]:
    """What can be done after a migration failed of which `done` statements are committed, best first.

    `unknown`: whether the next one is, is not known.
    """
    again = f"{COMMANDS[work.direction]}{work.where}"
    if work.in_one_transaction:
        return (f"Mend the cause, then run it again: {again}",)
    steps = []
    if unknown:
        steps.append(f"Look at what statement {done + 1} did; then: {again} --allow interrupted --reason '…'")
    else:
        goes_on = f" (it goes on at statement {done + 1}, if the statements before it stay as they are)"
        steps.append(f"Mend the cause, then run it again: {again}{goes_on if done else ''}")
    if work.direction is Direction.APPLY and work.migration.sections.rollback is not None:
        steps.append(f"Take back what {work.migration.name} left: koonj rollback{work.where}")
    if work.builds_concurrently:
        steps.reverse()  # what a build left has to go before it is built again
    return (*steps, f"See what is recorded: koonj history {work.migration.number}{work.where}")
