"""Which statement a line of a file belongs to, and the tone that it has in a run."""

from __future__ import annotations

from koonj.runner.run.direction import Direction
from koonj.tui.documents.line_index import LineIndex
from koonj.tui.documents.statement_list import ScriptPart, StatementLine
from koonj.tui.state.run import RunView

_PARTS = {Direction.APPLY: ScriptPart.BODY, Direction.ROLLBACK: ScriptPart.ROLLBACK}


def statement_at(lines: LineIndex, line: int) -> StatementLine | None:
    """Return the statement to which line `line` (1-based) of the file belongs; None if it belongs to none.

    `lines` has the statements in the order of the file, with headings between them.
    """
    low, high, found = 0, len(lines), None
    while low < high and lines.text:
        middle = at = (low + high) // 2
        entry = StatementLine.from_json(lines.line(at))
        while not entry.line and at + 1 < high:
            at += 1
            entry = StatementLine.from_json(lines.line(at))
        if entry.line and entry.line <= line:
            found, low = entry, at + 1
        else:
            high = middle
    return found if found is not None and line <= found.last_line else None


def statement_tone(statement: StatementLine, name: str, view: RunView | None) -> str | None:
    """Return the token of a statement's tone: that of the run, or the accent; None for transaction control.

    `view`: the run of the chosen target, in progress or the last one.
    """
    if not statement.number:
        return None
    if view is None or view.settling or statement.part is not _PARTS[view.direction]:
        return "accent"
    return (_while_running if view.running else _after)(statement.number, name, view)


def _while_running(number: int, name: str, view: RunView) -> str:
    current = view.statement
    if current is None or current.name != name or number > current.index:
        return "accent"
    if number < current.index:
        return "ok"
    return "warn" if view.waits else "info"


def _after(number: int, name: str, view: RunView) -> str:
    failure = view.failure
    if failure is None or failure.name != name:
        return "accent"
    if number == failure.statement:
        return "error"
    return "ok" if number <= len(failure.committed) else "accent"
