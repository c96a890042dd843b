"""Build the failure of a migration: location, error, state, next steps."""

from __future__ import annotations

import re

import psycopg
from psycopg.errors import Diagnostic

from koonj.postgres.errors import RETRIED, error_message
from koonj.postgres.locks.strategy import COMMITS_ITSELF
from koonj.postgres.outside_cause import outside_cause
from koonj.runner.apply.statement import StatementError
from koonj.runner.evidence.interruption import Interruption
from koonj.runner.evidence.interruption_wording import way_on_words
from koonj.runner.plan.work import BatchPlace, Work, can_run_as_written
from koonj.runner.run.direction import Direction
from koonj.runner.run.failure import Failure
from koonj.sql.source import Source
from koonj.sql.statements import Statement

COMMANDS = {Direction.APPLY: "koonj apply", Direction.ROLLBACK: "koonj rollback"}


class MigrationError(Exception):
    """Raised when a migration fails or is cancelled."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def _file(work: Work) -> str:
    """Return the path of the file with the script that runs."""
    migration = work.migration
    return migration.shown_rollback_path if work.direction is Direction.ROLLBACK else migration.shown_path


def failure_of_error(
    work: Work,
    error: StatementError | psycopg.Error,
    *,
    state: str,
    next_steps: tuple[str, ...],
    committed: tuple[str, ...] = (),
) -> Failure:
    """Return the failure for an error.

    A StatementError is about a statement of the file, a psycopg.Error about BEGIN, COMMIT or the history
    entry.
    """
    index, cause, (line, column) = _cause(work, error)
    diagnostic = cause.diag
    return Failure(
        name=work.migration.name,
        direction=work.direction,
        statement=index,
        of=work.total,
        file=_file(work),
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
    """Return statement number, error of the server, and line and column in the file."""
    if isinstance(error, psycopg.Error):
        return 0, error, _end_position(work)
    return error.numbered.index, error.error, _position(work, error.numbered.statement, error.error.diag)


def failure_of_cancel(work: Work, state: str, done: int) -> Failure:
    """Return the failure for a migration that was cancelled between two statements.

    There is no error of the server then. `done`: number of committed statements.
    """
    return Failure(
        name=work.migration.name,
        direction=work.direction,
        statement=0,
        of=work.total,
        file=_file(work),
        line=None,
        column=None,
        source_line="",
        sqlstate=None,
        severity="ERROR",
        message="cancelled between two statements",
        committed=done_lines(work, done),
        target_state=state,
        next_steps=next_steps(work, done, None, cancelled=True),
    )


def _position(work: Work, statement: Statement, diagnostic: Diagnostic) -> tuple[int, int | None]:
    """Return line and column of the error in the file.

    If the server gives no position, the line is that of the statement, and there is no column: a caret says
    that the server has named the place.
    """
    if statement.copy_data is not None:
        row = _COPY_ROW.match(diagnostic.context or "")
        if row is not None:
            first, _ = work.script.locate(statement.copy_data[0])
            return first + int(row[1]) - 1, None
    if diagnostic.statement_position is None:
        return statement.line, None
    # The end of input is after blank lines, but what is missing is missing after the last word.
    end = len(statement.text.rstrip())
    return work.script.locate_in(statement, min(int(diagnostic.statement_position) - 1, end))


_COPY_ROW = re.compile(r"COPY [^\n]*?, \D*([0-9]+)")
"""Context of an error in a COPY row, in any language: ``COPY words, line 2, column id: …``."""


def _source(work: Work, line: int | None, column: int | None) -> str:
    """Return the line of the file.

    Of a line longer than _LONG, return the first characters, or nothing if `column` is after them.
    """
    if line is None:
        return ""
    is_rollback = work.direction is Direction.ROLLBACK
    text = Source(work.migration.rollback_text if is_rollback else work.migration.text).line(line)
    return text if len(text) <= _LONG else text[:_LONG] if (column or 1) <= _LONG else ""


_LONG = 10_000
"""Maximum number of characters of a line in an event."""


def _end_position(work: Work) -> tuple[int | None, None]:
    """Return the line of the script's COMMIT, where deferred constraints fail; the server names no column."""
    closing = work.steps[-1].step.end if work.steps else None
    return (None if closing is None else closing.line), None


def done_lines(work: Work, done: int) -> tuple[str, ...]:
    """Return one line of text for each of the `done` committed statements."""
    return tuple(f"statement {s.index}: {s.summary}" for s in work.planned.statements[:done])


def next_steps(
    work: Work,
    done: int,
    error: psycopg.Error | None,
    *,
    cancelled: bool,
    left: Interruption | None = None,
    unknown: bool = False,
) -> tuple[str, ...]:
    """Return what to do next after a migration failed, best first.

    `done`: number of committed statements; `error`: None if it was cancelled between two statements;
    `cancelled`: by the user; `left`: what the statement left, if the next run continues by itself;
    `unknown`: statements after the committed ones can be committed too.
    """
    again = f"{COMMANDS[work.direction]}{work.target_option}"
    first = lead(error, cancelled=cancelled)
    if work.batch is not None:
        return _for_batch(work, work.batch, error, first)
    if work.in_one_transaction and error is not None and error.sqlstate == COMMITS_ITSELF:
        return _for_self_commit(work, again)
    if work.in_one_transaction:
        return (f"{first}: {again}", *_retries(work, error))
    name, steps = work.migration.name, []
    settle = f"koonj settle {work.migration.number}{work.target_option}"
    if left is not None:
        steps.append(f"{first}: {again}")
        steps.append(f"That run continues by itself: {way_on_words(left)}")
        if left.repair:
            steps.append(f"To run only the repair: {settle} --repair")
    elif unknown:
        steps.append(f"To see what is known, and what can be done, run: {settle}")
    else:
        resumes = f" (it resumes at statement {done + 1}; do not change the statements before it)"
        steps.append(f"{first}: {again}{resumes if done else ''}")
    if (done or unknown) and work.direction is Direction.APPLY and work.migration.has_rollback:
        steps.append(f"To undo the committed statements of {name}, run: koonj rollback{work.target_option}")
    if work.builds_concurrently and left is None:
        steps.reverse()  # an INVALID index must be dropped before it can be built again
    return (*steps, f"To see its history, run: koonj history {work.migration.number}{work.target_option}")


def _for_batch(work: Work, place: BatchPlace, error: psycopg.Error | None, first: str) -> tuple[str, ...]:
    again, alone = (f"koonj apply{option} {place.last}{work.target_option}" for option in (" --batch", ""))
    steps = (f"{first}: {again}", *_retries(work, error))
    sqlstate = None if error is None else error.sqlstate
    if sqlstate == COMMITS_ITSELF:
        return (
            f"The statement commits by itself, so it cannot be in a batch. To apply it alone, run: {alone}",
        )
    if sqlstate in CAUSED_BY_ONE_TRANSACTION and place.index > 1:
        words = (
            "If a migration before it in the same transaction is the cause (such as a new value of an enum)"
        )
        return (f"{words}, apply it outside a batch: {alone}", *steps)
    return steps


CAUSED_BY_ONE_TRANSACTION = frozenset({"25001", "55006", "55P04"})
"""SQLSTATEs of errors that earlier statements of the same transaction can cause.

For example: SET TRANSACTION after a query, a table with pending trigger events, a new value of an enum.
"""


def nothing_committed(work: Work) -> str:
    """Return that the transaction of a migration was rolled back, as a sentence."""
    if work.batch is None:
        return f"No part of {work.migration.name} was committed: its transaction was rolled back."
    where = f"{work.migration.name} is number {work.batch.index} of {work.batch.of}"
    return f"Nothing of the batch was applied: its one transaction was rolled back. {where}."


def _for_self_commit(work: Work, again: str) -> tuple[str, ...]:
    """Return what to do if a CALL or a DO ended the transaction in which it ran."""
    if work.shape.of_tool:
        return (f"The statement commits by itself, inside a transaction. Change the file, then run: {again}",)
    if not can_run_as_written(work):
        return (f"The statement commits by itself. Move it out of BEGIN ... COMMIT, then run: {again}",)
    return (
        "The statement commits by itself. To let koonj find out that it must run outside a transaction, run: "
        f"koonj rehearse {work.migration.number}",
        f"Then run: {again}",
    )


def lead(error: psycopg.Error | None, *, cancelled: bool) -> str:
    """Return the words before the command that runs a migration again: why it failed, and what to do first.

    `error`: None if it was cancelled between two statements; `cancelled`: by the user.
    """
    if error is None or (cancelled and error.sqlstate == _CANCELLED):
        return "To start it again, run"
    outside = outside_cause(error)
    return "Fix the cause, then run" if outside is None else f"{' '.join(outside)}, run"


_CANCELLED = psycopg.errors.QueryCanceled.sqlstate


def _retries(work: Work, error: psycopg.Error | None) -> tuple[str, ...]:
    if error is None or error.sqlstate not in RETRIED or work.retries or work.shape.of_tool:
        return ()
    return ("To let koonj retry, add a comment before the first statement: -- koonj: retries 5",)
