"""Format a target's history as lines of text."""

from collections.abc import Iterable, Iterator
from pathlib import PurePath

from koonj.cli.invocation import number_of
from koonj.cli.marks import StateMarks
from koonj.humanize import count, duration, moment
from koonj.migrations.history_entry import (
    UNBLOCKED,
    Action,
    HistoryEntry,
    Outcome,
    entries_with_earlier_names,
)
from koonj.migrations.names import number_of as name_number
from koonj.migrations.states import State
from koonj.sql.display import spaced

_STATES = {
    (Action.APPLY, Outcome.DONE): State.APPLIED,
    (Action.ROLLBACK, Outcome.DONE): State.PENDING,
    (Action.ADOPT, Outcome.DONE): State.ADOPTED,
    (Action.ALLOW, Outcome.DONE): State.APPLIED,
}
"""State whose glyph is shown for an entry that is done."""


def history_lines(entries: Iterable[HistoryEntry], marks: StateMarks) -> Iterator[str]:
    """Yield each entry, oldest first, with its error or the reason of its decision."""
    for entry in entries:
        when = f"{moment(entry.started)}{_took(entry)}"
        yield f"{marks.for_state(_state(entry))} {_action(entry)}  {entry.name}  {when}  {_who(entry)}"
        if entry.reason:
            yield f"    reason: {entry.reason}"
        if entry.error:
            code = f" (SQLSTATE {entry.sqlstate})" if entry.sqlstate else ""
            first, *rest = entry.error.split("\n")
            yield f"    error: {first}{code}"
            yield from (f"    {line}" for line in rest)


def entries_of(entries: Iterable[HistoryEntry], text: str) -> tuple[HistoryEntry, ...]:
    """Return the entries of the migration with this number or file name.

    Raises:
        UsageError: `text` is neither a number nor a file name.
    """
    number, named = number_of(text), not text.isdigit()
    name = PurePath(text).name
    found = tuple(entries)
    names = {e.name for e in found if (e.name == name if named else name_number(e.name) == number)}
    wanted = {entry.id for one in names for entry in entries_with_earlier_names(found, one)}
    return tuple(entry for entry in found if entry.id in wanted)


def _state(entry: HistoryEntry) -> State:
    if entry.outcome is Outcome.FAILED:
        return State.FAILED
    return _STATES.get((entry.action, entry.outcome), State.INTERRUPTED)


def _action(entry: HistoryEntry) -> str:
    """Return the action and its outcome, such as ``apply done`` or ``allow edited``."""
    if entry.allowed == UNBLOCKED:
        return UNBLOCKED
    if entry.action is Action.ALLOW:
        was = f" from {entry.renamed_from}" if entry.renamed_from else ""
        return f"allow {spaced(entry.allowed or '')}{was}"
    if entry.outcome is Outcome.DONE:
        return f"{entry.action} done"
    least = "at least " if entry.outcome is Outcome.STARTED else ""
    done = f"{least}{entry.statements_done} of {count(entry.statements_total, 'statement')} committed"
    return f"{entry.action} {entry.outcome}, {done}"


def _took(entry: HistoryEntry) -> str:
    if entry.finished is None or entry.action is Action.ALLOW:
        return ""
    return f"  {duration((entry.finished - entry.started).total_seconds())}"


def _who(entry: HistoryEntry) -> str:
    return f"by {entry.os_user} on {entry.host} as role {entry.database_role}"
