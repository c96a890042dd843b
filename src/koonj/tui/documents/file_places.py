"""The places of everything that is wrong with a migration: what failed, and its problems."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from koonj.migrations.history_entry import Action, HistoryEntry, Outcome
from koonj.runner.rehearse.verdict import Rehearsal
from koonj.runner.run.conflict import NOT_TRANSACTIONAL
from koonj.runner.run.direction import Direction
from koonj.runner.run.failure import Failure
from koonj.sql.display import shortened
from koonj.sql.problem import Problem
from koonj.tui.documents.document import Document
from koonj.tui.documents.statement_list import ScriptPart, StatementLine
from koonj.tui.state.file_place import FilePlace, PlaceSource
from koonj.tui.state.rehearsals import FAILING, Rehearsals
from koonj.tui.state.run import RunView
from koonj.tui.state.snapshot import Row

_SOURCES = {
    Direction.APPLY: PlaceSource.LAST_APPLY,
    Direction.ROLLBACK: PlaceSource.LAST_ROLLBACK,
}
_MAX_READ = 2_000
"""Number of statements of a file that are read to find the one that failed."""
_LONG = 10_000
"""Characters of a line that an event keeps at most."""


def run_place(view: RunView | None) -> FilePlace | None:
    """Return the place where a run failed, or the first one that stopped it; None if there is none."""
    if view is None or view.running:
        return None
    source = _SOURCES[view.direction]
    if view.failure is not None:
        return _failure_place(view.failure) if view.failure.name else None
    if view.finished is None:
        return None
    stops = (one for one in view.finished.conflicts if one.name.endswith(".sql"))
    return next(
        (
            FilePlace(
                c.name, c.line, c.column, c.message, source, code=c.state, hint=c.hint, source_line=None
            )
            for c in stops
        ),
        None,
    )


def _failure_place(failure: Failure) -> FilePlace:
    return FilePlace(
        failure.name,
        failure.line,
        failure.column,
        shortened(failure.message),
        _SOURCES[failure.direction],
        code=failure.sqlstate or "",
        hint=shortened(failure.hint or ""),
        source_line=failure.source_line,
    )


def rehearsal_place(rehearsal: Rehearsal | None) -> FilePlace | None:
    """Return the place where a rehearsal failed; None if it did not fail.

    If an earlier migration failed in it, the place is in the file of that migration.
    """
    if rehearsal is None:
        return None
    failure = rehearsal.failure
    if failure is not None:
        return FilePlace(
            failure.name,
            failure.line,
            failure.column,
            shortened(failure.message),
            PlaceSource.REHEARSAL,
            code=failure.sqlstate or "",
            hint=shortened(failure.hint or ""),
            in_rollback=failure.phase == "rollback",
        )
    if rehearsal.verdict not in FAILING:
        return None
    word = rehearsal.verdict.value
    return FilePlace(rehearsal.name, None, None, rehearsal.message, PlaceSource.REHEARSAL, code=word)


def history_place(entry: HistoryEntry | None, document: Document | None) -> FilePlace | None:
    """Return the place where an earlier run failed, as far as the history knows it; None if it did not fail.

    The history has the statement only if the statements before it were committed one by one.
    """
    if entry is None or entry.outcome is not Outcome.FAILED or entry.action not in _ACTIONS:
        return None
    statement = _failed_statement(entry, document)
    return FilePlace(
        entry.name,
        statement.line if statement else None,
        None,
        shortened(entry.error or "The error text is hidden from this role."),
        _SOURCES[_ACTIONS[entry.action]],
        code=entry.sqlstate or "",
    )


_ACTIONS = {Action.APPLY: Direction.APPLY, Action.ROLLBACK: Direction.ROLLBACK}


def _failed_statement(entry: HistoryEntry, document: Document | None) -> StatementLine | None:
    if document is None or document.statements is None or not document.statements.text:
        return None
    if len(document.statements) > _MAX_READ:
        return None
    if entry.transaction_id is not None or entry.statements_done >= entry.statements_total:
        return None
    wanted = entry.statements_done + 1
    part = ScriptPart.BODY if entry.action is Action.APPLY else ScriptPart.ROLLBACK
    if wanted > 1 or entry.statements_total == 1:
        for index in range(len(document.statements)):
            line = StatementLine.from_json(document.statements.line(index))
            if line.part is part and line.number == wanted:
                return line
    return None


def failure_places(
    row: Row, document: Document | None, target: str, view: RunView | None, rehearsals: Rehearsals
) -> tuple[FilePlace, ...]:
    """Return the places of what failed with a migration: the last run on `target`, and the rehearsal.

    A place is left out if its line has another text now.
    """
    return tuple(place for place in _failures(row, document, target, view, rehearsals) if place is not None)


def _failures(
    row: Row, document: Document | None, target: str, view: RunView | None, rehearsals: Rehearsals
) -> Iterator[FilePlace | None]:
    run = run_place(view) if view is not None and view.target == target else None
    if run is not None and run.name == row.name and (view is None or view.failure or run.line is not None):
        yield run if document is None or _is_true(run, view, document) else None
    elif not row.doing:
        entry = row.status.last_entry if row.status else None
        is_same = (
            entry is not None and row.migration is not None and entry.file_hash == row.migration.file_hash
        )
        yield history_place(entry, document) if is_same else None
    rehearsal = rehearsal_place(rehearsals.results.get(row.name))
    if rehearsal is not None and rehearsal.name != row.name:
        yield FilePlace(row.name, None, None, rehearsals.results[row.name].message, PlaceSource.REHEARSAL)
    else:
        yield rehearsal


def of_file(
    places: Sequence[FilePlace], document: Document | None, *, is_rollback: bool
) -> Sequence[FilePlace]:
    """Return the places in the file of a tab: the rollback of some tools has its own."""
    if document is None or not document.has_rollback_file:
        return places
    return [place for place in places if place.in_rollback == is_rollback]


def problem_places(name: str, problems: tuple[Problem, ...]) -> tuple[FilePlace, ...]:
    """Return the places of the problems of a file."""
    return tuple(FilePlace.of_problem(name, problem) for problem in problems)


_OF_THE_PLAN = frozenset({NOT_TRANSACTIONAL, "invalid_index", "not_in_encoding"})
"""States of conflicts with a line that are no problems of the file alone."""


def _is_true(place: FilePlace, view: RunView | None, document: Document) -> bool:
    """Return whether the text still has what failed, or the problem of the file that refused the run."""
    if view is None or view.failure is not None or place.code in _OF_THE_PLAN or document.more_problems:
        return is_current(place, document)
    return any(problem.code == place.code for problem in document.problems)


def is_current(place: FilePlace, document: Document) -> bool:
    """Return whether the place's line still has the text that failed."""
    if place.line is None or not place.source_line:
        return True
    for text in (document.rollback, document.body):
        index = place.line - text.first_line if text is not None else -1
        if text is not None and 0 <= index < len(text):
            start, end = text.span(index)
            # The rollback is shown without its comment marks.
            shown = text.text[start : min(end, start + _LONG)]
            return (
                place.source_line.endswith(shown) if text is document.rollback else place.source_line == shown
            )
    return False


def with_present_lines(
    places: Iterable[FilePlace], line: Callable[[int], str | None]
) -> tuple[FilePlace, ...]:
    """Return the places, each with the text that its line has now; `line` returns that of an index."""
    return tuple(
        place if place.line is None else replace(place, source_line=line(place.line - 1)) for place in places
    )


def moved(places: Iterable[FilePlace], row_of: Callable[[int], int | None]) -> tuple[FilePlace, ...]:
    """Return the places after edits: `row_of` returns where a line is now, or None if it was deleted."""
    rows = ((place, None if place.line is None else row_of(place.line - 1)) for place in places)
    return tuple(
        place if row is None else replace(place, line=row + 1)
        for place, row in rows
        if row is not None or place.line is None
    )


def unchanged(places: Iterable[FilePlace], line: Callable[[int], str | None]) -> tuple[FilePlace, ...]:
    """Return the places that are still true after the text was saved with changes.

    A rehearsal is about the text as it was, and so is a failure whose line was changed.
    """
    return tuple(
        place
        for place in places
        if place.source is not PlaceSource.REHEARSAL
        and place.line is not None
        and place.source_line == line(place.line - 1)
    )
