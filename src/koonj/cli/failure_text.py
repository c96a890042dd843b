"""Format a failure, a conflict and a source line with its caret as lines of text."""

from collections.abc import Iterator

from koonj.runner.run.conflict import Conflict
from koonj.runner.run.failure import Failure
from koonj.runner.run.lock_wait_wording import awaited_words, blocker_lines
from koonj.sql.display import cells, spaced, visible

_MAX_CELLS = 100
"""Terminal cells of a source line that are shown; a longer line is cut."""
_TAB = 8


def failure_lines(failure: Failure) -> Iterator[str]:
    """Format a failure: location, error, committed statements, state, next steps."""
    yield f"{_place(failure)}{failure.severity}: {_first(failure.message)}{_code(failure.sqlstate)}"
    yield from _rest(failure.message)
    if failure.source_line and failure.line is not None:
        yield from source_lines(failure.source_line, failure.column)
    for label, text in (("DETAIL", failure.detail), ("HINT", failure.hint), ("CONTEXT", failure.context)):
        if text:
            yield f"{label}: {_first(text)}"
            yield from _rest(text)
    if failure.waited_for is not None:
        yield f"Waited for: {awaited_words(failure.waited_for)}"
        yield from (f"    {line}" for line in blocker_lines(failure.waited_for))
    if failure.name:
        yield from _committed(failure)
    if failure.target_state:
        yield f"State: {failure.target_state}"
    for step in failure.next_steps:
        yield f"Next: {step}"


def failure_title(failure: Failure) -> str:
    """Return a title such as ``apply of 016_add.sql failed at statement 2 of 3``."""
    if not failure.name:
        return f"{failure.direction.value} failed"
    at = f" at statement {failure.statement} of {failure.of}" if failure.statement else ""
    return f"{failure.direction.value} of {failure.name} failed{at}"


def conflict_lines(conflict: Conflict) -> Iterator[str]:
    """Format a conflict and its hint."""
    yield f"{spaced(conflict.state)}: {conflict.message}"
    if conflict.hint:
        yield f"    {conflict.hint}"


def source_lines(source: str, column: int | None) -> Iterator[str]:
    """Format a source line, with a caret below its 1-based `column`.

    Positions are counted in terminal cells. A long line is cut around the column.
    """
    at = len(source) if column is None else column - 1
    before, after = _expand(source[:at], 0), _expand(source[at:], cells(_expand(source[:at], 0)))
    if column is None:
        yield "    " + _head(before, _MAX_CELLS)
        return
    left = _tail(before, _MAX_CELLS * 2 // 3)
    yield "    " + left + _head(after, _MAX_CELLS - cells(left))
    yield "    " + " " * cells(left) + "^"


def _expand(text: str, start: int) -> str:
    """Replace tabs by spaces and make hidden characters visible.

    The width of a tab depends on `start`, the cell at which the text starts.
    """
    shown = ""
    width = start
    for number, piece in enumerate(visible(text, keep="\t").split("\t")):
        if number:
            blank = _TAB - width % _TAB
            shown, width = shown + " " * blank, width + blank
        shown, width = shown + piece, width + cells(piece)
    return shown


def _head(text: str, width: int) -> str:
    if cells(text) <= width:
        return text
    kept = text[:width]
    while cells(kept) > width - 3:
        kept = kept[:-1]
    return kept + "..."


def _tail(text: str, width: int) -> str:
    if cells(text) <= width:
        return text
    kept = text[-width:]
    while cells(kept) > width - 3:
        kept = kept[1:]
    return "..." + kept


def _place(failure: Failure) -> str:
    if not failure.file:
        return ""
    where = (failure.file, failure.line, failure.column)
    return ":".join(str(part) for part in where if part is not None) + ": "


def _code(sqlstate: str | None) -> str:
    return f" (SQLSTATE {sqlstate})" if sqlstate else ""


def _committed(failure: Failure) -> Iterator[str]:
    if not failure.committed:
        yield "Committed: no statement of this migration."
        return
    yield "Committed:"
    yield from (f"    {line}" for line in failure.committed)


def _first(text: str) -> str:
    return text.split("\n", 1)[0]


def _rest(text: str) -> Iterator[str]:
    return (f"    {line}" for line in text.split("\n")[1:])
