"""Work out how the statements of a script commit, and check its transactions."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from koonj.humanize import count
from koonj.sql.control import TransactionControl
from koonj.sql.problem import Problem, Severity
from koonj.sql.refusal import Refusal
from koonj.sql.script import Script
from koonj.sql.statements import Statement


class Mode(StrEnum):
    """How a script runs."""

    ONE_TRANSACTION = "one_transaction"
    """The script and its history entry commit together, in one transaction.

    The transaction is opened by koonj.
    """
    SEVERAL = "several"
    """The script runs as written, in several transactions or outside a transaction.

    Each block is one transaction, and each other statement commits separately.
    """


@dataclass(frozen=True)
class Step:
    """A part of the script that commits at once."""

    begin: Statement | None
    """The script's own BEGIN; None if the step has none."""
    statements: tuple[Statement, ...]
    """The statements between BEGIN and the end, with savepoints."""
    end: Statement | None
    """The COMMIT or ROLLBACK; None if there is none."""
    in_transaction: bool


@dataclass(frozen=True)
class ScriptShape:
    """How the statements of a script commit, and the problems of that."""

    mode: Mode
    steps: tuple[Step, ...]
    wrapped: bool
    """For a TRANSACTION: whether the script has its own BEGIN and COMMIT."""
    explanation: str
    """The mode and its reason as text."""
    problems: tuple[Problem, ...]
    of_tool: bool = False
    """For a TRANSACTION without a BEGIN in the script: another migration tool opens it, and not koonj."""


_CLOSING = frozenset({TransactionControl.COMMIT, TransactionControl.ROLLBACK, TransactionControl.PREPARE})
_NEED_BLOCK = frozenset(
    {TransactionControl.SAVEPOINT, TransactionControl.RELEASE, TransactionControl.ROLLBACK_TO}
)


def shape(script: Script) -> ScriptShape:
    """Return how the statements of a script commit."""
    cutter = _Cutter()
    for statement in script.statements:
        cutter.add(statement)
    steps = cutter.finish()
    problems = tuple(cutter.problems)
    if len(steps) == 1 and steps[0].in_transaction and _commits(steps[0]):
        return ScriptShape(
            Mode.ONE_TRANSACTION, steps, wrapped=True, explanation="one transaction", problems=problems
        )
    if not any(s.control for s in script.statements) and not _refused(script.statements):
        whole = (Step(None, script.statements, None, in_transaction=True),) if script.statements else ()
        words = "no BEGIN in the file, so koonj runs it in one transaction" if whole else "no statements"
        return ScriptShape(Mode.ONE_TRANSACTION, whole, wrapped=False, explanation=words, problems=problems)
    return ScriptShape(Mode.SEVERAL, steps, wrapped=False, explanation=_explain(steps), problems=problems)


def mode_word(found: ScriptShape) -> str:
    """Return in a word how a script commits; empty if it has no statements.

    ``one``: in one transaction; ``several``: in several; ``outside``: at least one statement is in none.
    """
    if not found.steps:
        return ""
    if found.mode is Mode.ONE_TRANSACTION:
        return "one"
    return "several" if all(step.in_transaction for step in found.steps) else "outside"


def summaries(found: ScriptShape) -> tuple[str, ...]:
    """Return the summaries of the statements, in order, without those that open and end the steps."""
    return tuple(s.summary for step in found.steps for s in step.statements)


def as_written(script: Script, commits: Sequence[int]) -> ScriptShape:
    """Return how the statements of a script without BEGIN commit if koonj opens no transaction for it.

    This is what ``psql -f`` does. `commits`: numbers, from 1, of statements that commit by themselves (a CALL
    or a DO with COMMIT); their text does not show it. Empty if it is not known which ones do.
    """
    steps = tuple(Step(None, (s,), None, in_transaction=False) for s in script.statements)
    words = " and ".join(_counted(steps)) + (", committed separately" if len(steps) > 1 else "")
    numbers = ", ".join(map(str, commits))
    if len(commits) == 1:
        words += f", because statement {numbers} commits by itself"
    elif commits:
        words += f", because statements {numbers} commit by themselves"
    return ScriptShape(Mode.SEVERAL, steps, wrapped=False, explanation=words, problems=())


def as_one_transaction(script: Script, explanation: str) -> ScriptShape:
    """Return how the statements of a script without BEGIN commit if a transaction is open around it.

    Statements that a transaction refuses are problems. `explanation`: who opens it, as text.
    """
    cutter = _Cutter()
    for statement in script.statements:
        cutter.add_inside(statement)
    steps = (Step(None, script.statements, None, in_transaction=True),) if script.statements else ()
    words = explanation if steps else "no statements"
    return ScriptShape(
        Mode.ONE_TRANSACTION,
        steps,
        wrapped=False,
        explanation=words,
        problems=tuple(map(_for_tool, cutter.problems)),
        of_tool=True,
    )


def _for_tool(problem: Problem) -> Problem:
    """Return the problem with the hint for a script that has no BEGIN … COMMIT to move a statement out of."""
    if problem.code not in _INSIDE:
        return problem
    return replace(problem, hint=_INSIDE[problem.code])


_INSIDE = {
    "refused-in-transaction": "Move it to a file of its own that the tool runs outside a transaction.",
    "maybe-refused-in-transaction": "If it does, move it to a file that the tool runs outside a transaction.",
}


def might_commit(statement: Statement) -> bool:
    """Return whether a statement is a CALL, or a DO block that might commit."""
    return statement.verb == "call" or (
        statement.verb == "do" and _COMMITS.search(statement.text) is not None
    )


_COMMITS = re.compile(r"\b(?:commit|rollback|call|execute)\b", re.IGNORECASE)


class _Cutter:
    """Splits statements into steps, in order."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._steps: list[Step] = []
        self._open = False
        self._begin: Statement | None = None
        self._inner: list[Statement] = []

    def add(self, statement: Statement) -> None:
        """Process the next statement."""
        control = statement.effect.control
        if control is None:
            self._add_usual(statement)
        elif control is TransactionControl.BEGIN and not self._open:
            self._open, self._begin = True, statement
            self._look_for_read_only(statement)
        elif control in _CLOSING:
            self._close(statement)
        elif self._open:
            self.add_inside(statement)
        else:
            if control in _NEED_BLOCK:
                self._problem("savepoint-without-begin", statement, statement.summary)
            self._add_usual(statement)

    def _add_usual(self, statement: Statement) -> None:
        if self._open:
            self.add_inside(statement)
        else:
            self._steps.append(Step(None, (statement,), None, in_transaction=False))

    def finish(self) -> tuple[Step, ...]:
        """Return the steps after the last statement."""
        if self._open:
            at = self._begin or self._steps[-1].end  # the latter is a COMMIT AND CHAIN
            assert at is not None, "a statement opened the block"
            self._problem("open-transaction", at)
            self._end_step(None)
        return tuple(self._steps)

    def _close(self, statement: Statement) -> None:
        if statement.control is TransactionControl.PREPARE:
            self._problem("prepare-transaction", statement)
        elif not self._open:
            self._problem("commit-without-begin", statement, statement.verb.upper())
            return
        elif statement.control is TransactionControl.ROLLBACK:
            self._problem("rolls-back", statement)
        self._end_step(statement)
        if statement.chain:
            self._problem("commit-and-chain", statement)
            self._open = True

    def _end_step(self, end: Statement | None) -> None:
        self._steps.append(Step(self._begin, tuple(self._inner), end, in_transaction=True))
        self._open, self._begin, self._inner = False, None, []

    def add_inside(self, statement: Statement) -> None:
        """Process a statement for which a transaction is open."""
        if statement.control is TransactionControl.BEGIN:
            self._problem("nested-begin", statement)
        if statement.refusal is Refusal.YES:
            self._problem("refused-in-transaction", statement, statement.refusal_reason)
        elif statement.refusal is Refusal.MAYBE:
            self._problem("maybe-refused-in-transaction", statement, statement.refusal_reason)
        self._look_for_read_only(statement)
        self._inner.append(statement)

    def _look_for_read_only(self, statement: Statement) -> None:
        if statement.read_only:
            self._problem("read-only", statement)

    def _problem(self, code: str, at: Statement, what: str = "") -> None:
        severity, message, hint = _PROBLEMS[code]
        code = code.removeprefix("maybe-")
        self.problems.append(Problem(code, severity, message.format(what), hint, at.line, at.column))


def _commits(step: Step) -> bool:
    return step.end is not None and step.end.control is TransactionControl.COMMIT and not step.end.chain


def _refused(statements: Sequence[Statement]) -> Statement | None:
    """Return the first statement that a transaction refuses, or might refuse."""
    return next((s for s in statements if s.refusal is not Refusal.NO), None)


def _explain(steps: Sequence[Step]) -> str:
    words = " and ".join(_counted(steps))
    if len(steps) > 1:
        words += ", committed separately"
    alone = [s for step in steps if not step.in_transaction for s in step.statements]
    refused = _refused(alone)
    if refused is None:
        return words
    refuses = "might refuse" if refused.refusal is Refusal.MAYBE else "refuses"
    return f"{words}, because PostgreSQL {refuses} {refused.refusal_reason} in a transaction"


def _counted(steps: Sequence[Step]) -> Iterator[str]:
    blocks = sum(step.in_transaction for step in steps)
    alone = len(steps) - blocks
    if blocks:
        yield count(blocks, "transaction")
    if alone or not blocks:
        yield f"{count(alone, 'statement')} outside a transaction"


_PROBLEMS = {
    "open-transaction": (
        Severity.ERROR,
        "This transaction is never committed. psql would exit with status 0 and discard its statements.",
        "End it with COMMIT;",
    ),
    "commit-without-begin": (
        Severity.ERROR,
        "{} without BEGIN: no transaction is open here.",
        "Write BEGIN; before the statements that must commit together, or delete this statement.",
    ),
    "savepoint-without-begin": (
        Severity.ERROR,
        "'{}' is outside a transaction, where PostgreSQL refuses it.",
        "Write BEGIN; before it and COMMIT; after it.",
    ),
    "rolls-back": (
        Severity.ERROR,
        "This transaction ends with ROLLBACK, which discards all of its changes.",
        "End it with COMMIT;",
    ),
    "prepare-transaction": (
        Severity.ERROR,
        "After PREPARE TRANSACTION it is not known whether the migration is applied.",
        "End the transaction with COMMIT;",
    ),
    "commit-and-chain": (
        Severity.ERROR,
        "AND CHAIN starts the next transaction without a BEGIN.",
        "Write COMMIT; and BEGIN;",
    ),
    "nested-begin": (
        Severity.WARNING,
        "BEGIN inside a transaction has no effect. PostgreSQL only prints a warning.",
        "Delete it, or write COMMIT; before it.",
    ),
    "refused-in-transaction": (
        Severity.ERROR,
        "PostgreSQL refuses this statement inside a transaction: {}.",
        "Move it out of BEGIN … COMMIT, preferably to a separate file.",
    ),
    "maybe-refused-in-transaction": (
        Severity.NOTE,
        "PostgreSQL might refuse this statement inside a transaction: {}.",
        "If it does, move the statement out of BEGIN … COMMIT.",
    ),
    "read-only": (
        Severity.ERROR,
        "The transaction is READ ONLY, so koonj cannot record in it that the migration is applied.",
        "Remove READ ONLY.",
    ),
}
