"""The tab History: all history entries of a migration on the chosen target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from rich.style import Style

from koonj.humanize import count, duration, to_the_second
from koonj.migrations.history_entry import Action, HistoryEntry, Outcome
from koonj.migrations.states import State
from koonj.sql.display import shortened, spaced
from koonj.tui.theme import BAD, DIM, PLAIN, STATES, STRONG, glyph
from koonj.tui.toolkit.strips import Part, wrap
from koonj.tui.widgets.preview.tab_content import WrappedSheet

_STATES = {
    Action.APPLY: State.APPLIED,
    Action.ROLLBACK: State.PENDING,
    Action.ADOPT: State.ADOPTED,
    Action.ALLOW: State.APPLIED,
}
"""State whose glyph a completed entry shows."""
_ENDS = {
    Outcome.DONE: "done",
    Outcome.FAILED: "failed",
    Outcome.STARTED: "started, no record that it finished",
}


class HistorySheet(WrappedSheet):
    """Entries, newest first: action, time, user, statements, reason or error."""

    def __init__(self, entries: Sequence[HistoryEntry]) -> None:
        super().__init__(partial(_all, entries))


def _all(entries: Sequence[HistoryEntry], width: int) -> list[list[Part]]:
    lines: list[list[Part]] = []
    for entry in reversed(entries):
        lines += [*([[]] if lines else []), *_entry_lines(entry, width)]
    return lines


def _entry_lines(entry: HistoryEntry, width: int) -> Iterator[list[Part]]:
    state = _state(entry)
    what = (
        f"allow {spaced(entry.allowed or '')}"
        if entry.action is Action.ALLOW
        else f"{entry.action} {_ENDS[entry.outcome]}"
    )
    yield [(f" {glyph(state)} ", STATES[state]), (what, STRONG)]
    yield from _wrapped(f"{to_the_second(entry.started)}{_took(entry)}{_done(entry)}", width)
    yield from _wrapped(
        f"by {entry.os_user}@{entry.host} as {entry.database_role}, koonj {entry.version}", width, DIM
    )
    if entry.reason:
        yield from _wrapped(f"reason: {shortened(entry.reason)}", width)
    if entry.outcome is Outcome.FAILED:
        yield from _wrapped(_error(entry), width, BAD)


def _wrapped(text: str, width: int, style: Style = PLAIN) -> Iterator[list[Part]]:
    return ([("   " + line, style)] for line in wrap(text, width - 4))


def _state(entry: HistoryEntry) -> State:
    if entry.outcome is Outcome.DONE:
        return _STATES[entry.action]
    return State.FAILED if entry.outcome is Outcome.FAILED else State.INTERRUPTED


def _took(entry: HistoryEntry) -> str:
    if entry.action is Action.ALLOW or entry.finished is None:
        return ""
    return f", took {duration((entry.finished - entry.started).total_seconds())}"


def _done(entry: HistoryEntry) -> str:
    if entry.action in {Action.ALLOW, Action.ADOPT}:
        return ""
    least = "at least " if entry.outcome is Outcome.STARTED else ""
    return f", {least}{entry.statements_done} of {count(entry.statements_total, 'statement')}"


def _error(entry: HistoryEntry) -> str:
    """Return the error. Its text can hold data, so it is hidden from some roles."""
    code = f"SQLSTATE {entry.sqlstate}" if entry.sqlstate else "no SQLSTATE"
    text = shortened(entry.error) if entry.error else "the error text is hidden from this role"
    return f"error: {text} ({code})"
