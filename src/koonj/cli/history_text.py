"""A target's history in lines."""

from collections.abc import Iterable, Iterator
from pathlib import PurePath

from koonj.cli.invocation import number_of
from koonj.cli.marks import StateMarks
from koonj.humanize import count, duration, moment
from koonj.migrations.history_entry import Action, HistoryEntry, Outcome
from koonj.migrations.names import number_of as name_number
from koonj.migrations.states import State
from koonj.sql.display import spaced

_STATES = {
    (Action.APPLY, Outcome.DONE): State.APPLIED,
    (Action.ROLLBACK, Outcome.DONE): State.PENDING,
    (Action.ADOPT, Outcome.DONE): State.ADOPTED,
    (Action.ALLOW, Outcome.DONE): State.APPLIED,
}
"""Whose mark an entry that is done bears."""


def history_lines(entries: Iterable[HistoryEntry], marks: StateMarks) -> Iterator[str]:
    """Each entry, with why it failed or why it was decided; oldest first."""
    for entry in entries:
        when = f"{moment(entry.started)}{_took(entry)}"
        yield f"{marks.of(_state(entry))} {_what(entry)}  {entry.name}  {when}  {_who(entry)}"
        if entry.reason:
            yield f"    reason: {entry.reason}"
        if entry.error:
            code = f" (SQLSTATE {entry.sqlstate})" if entry.sqlstate else ""
            first, *rest = entry.error.split("\n")
            yield f"    error: {first}{code}"
            yield from (f"    {line}" for line in rest)


def of_one(entries: Iterable[HistoryEntry], text: str) -> tuple[HistoryEntry, ...]:
    """Those on the migration that a number or a file name means. Raises UsageError."""
    number, named = number_of(text), not text.isdigit()
    name = PurePath(text).name
    return tuple(
        entry for entry in entries if (entry.name == name if named else name_number(entry.name) == number)
    )


def _state(entry: HistoryEntry) -> State:
    if entry.outcome is Outcome.FAILED:
        return State.FAILED
    return _STATES.get((entry.action, entry.outcome), State.INTERRUPTED)


def _what(entry: HistoryEntry) -> str:
    """``apply done``, ``apply failed, 1 of 3 statements``, ``allow edited``."""
    if entry.action is Action.ALLOW:
        return f"allow {spaced(entry.allowed or '')}"
    if entry.outcome is Outcome.DONE:
        return f"{entry.action} done"
    done = f"{entry.statements_done} of {count(entry.statements_total, 'statement')} committed"
    return f"{entry.action} {entry.outcome}, {done}"


def _took(entry: HistoryEntry) -> str:
    if entry.finished is None or entry.action is Action.ALLOW:
        return ""
    return f"  {duration((entry.finished - entry.started).total_seconds())}"


def _who(entry: HistoryEntry) -> str:
    return f"by {entry.os_user} on {entry.host} as {entry.database_role}"
