"""The last history entry of a migration, as text."""

from __future__ import annotations

from rich.cells import cell_len

from koonj.humanize import to_the_second
from koonj.migrations.history_entry import Action, HistoryEntry, Outcome
from koonj.migrations.history_wording import person_words, user_words
from koonj.runner.evidence.interruption_wording import finding_words, way_on_words
from koonj.tui.state.snapshot import Row

_DONE = {
    Action.APPLY: "applied",
    Action.ROLLBACK: "rolled back",
    Action.ADOPT: "adopted",
    Action.ALLOW: "allowed",
}


def state_details(row: Row, room: int = 0) -> str:
    """Return the last entry and its note or error; empty if there is no entry. For `room` see `entry_words`.

    While a run works on the migration, they are marked as those of an earlier run.
    """
    status = row.status
    if status is None or status.last_entry is None:
        return status.note if status and not row.doing else ""
    words = last_run_words(row, room)
    return "\n".join(part for part in (words, status.note or _error(status.last_entry)) if part)


def last_run_words(row: Row, room: int = 0) -> str:
    """Return the last entry without its note or error; empty if there is no entry."""
    if row.status is None or row.status.last_entry is None:
        return ""
    lead = "earlier: " if row.doing else ""
    return lead + entry_words(row.status.last_entry, room - len(lead))


def interruption_details(row: Row) -> str:
    """Return what is known of a run without a recorded end, and how it goes on; empty if there is none."""
    known = row.interruption
    if known is None or row.doing:
        return ""
    way_on = "" if known.is_running else way_on_words(known) or "The target does not show more: you decide."
    return f"{finding_words(known)} {way_on}".rstrip()


def entry_words(entry: HistoryEntry, room: int = 0) -> str:
    """Return for example ``applied 2026-08-01 14:03:59 by ada@bastion as migrator``.

    With `room` (cells), the role is left out if the words then fit in it, and do not otherwise.
    """
    whole = _entry_words(entry, person_words(entry))
    short = _entry_words(entry, user_words(entry))
    return short if cell_len(short) <= room < cell_len(whole) else whole


def _entry_words(entry: HistoryEntry, person: str) -> str:
    when = to_the_second(entry.finished or entry.started)
    who = f"by {person}"
    if entry.outcome is Outcome.DONE:
        return f"{_DONE[entry.action]} {when} {who}"
    verb = "apply" if entry.action is Action.APPLY else "rollback"
    ended = "started" if entry.outcome is Outcome.STARTED else "failed"
    return f"{verb} {ended} {when} {who}"


def _error(entry: HistoryEntry) -> str:
    """Return the error, with its code in parentheses as the history has it."""
    code = f"(SQLSTATE {entry.sqlstate})" if entry.sqlstate else ""
    return " ".join(f"{entry.error or ''} {code}".split())
