"""The tab History: all history entries of a migration on the chosen target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from rich.style import Style

from koonj.humanize import to_the_second
from koonj.migrations.history_entry import Action, HistoryEntry, Outcome
from koonj.migrations.history_wording import (
    ENDS,
    action_words,
    committed_words,
    entry_state,
    person_words,
    took_words,
)
from koonj.sql.display import shortened
from koonj.tui.theme import BAD, DIM, PLAIN, STATES, STRONG, glyph
from koonj.tui.toolkit.strips import Part, wrap
from koonj.tui.widgets.preview.tab_content import WrappedSheet


class HistorySheet(WrappedSheet):
    """Entries, newest first: action, time, user, statements, reason or error."""

    def __init__(self, entries: Sequence[HistoryEntry]) -> None:
        super().__init__(partial(_all, entries))


def _all(entries: Sequence[HistoryEntry], width: int) -> list[list[Part]]:
    lines: list[list[Part]] = []
    for entry in reversed(entries):
        lines += [*([[]] if lines else []), *entry_lines(entry, width)]
    return lines


def entry_lines(entry: HistoryEntry, width: int) -> Iterator[list[Part]]:
    """Yield all that is known of an entry: action, time, user, reason or error."""
    state = entry_state(entry)
    started = entry.outcome is Outcome.STARTED and entry.action is not Action.ALLOW
    what = f"{entry.action} {ENDS[entry.outcome]}" if started else action_words(entry)
    yield [(f" {glyph(state)} ", STATES[state]), (what, STRONG)]
    took, done = took_words(entry), committed_words(entry)
    facts = (to_the_second(entry.started), took and f"took {took}", done)
    yield from _wrapped(", ".join(filter(None, facts)), width)
    yield from _wrapped(f"by {person_words(entry)}, koonj {entry.version}", width, DIM)
    if entry.reason:
        yield from _wrapped(f"reason: {shortened(entry.reason)}", width)
    if entry.outcome is Outcome.FAILED:
        yield from _wrapped(_error(entry), width, BAD)


def _wrapped(text: str, width: int, style: Style = PLAIN) -> Iterator[list[Part]]:
    return ([("   " + line, style)] for line in wrap(text, width - 4))


def _error(entry: HistoryEntry) -> str:
    """Return the error. Its text can hold data, so it is hidden from some roles."""
    code = f"SQLSTATE {entry.sqlstate}" if entry.sqlstate else "no SQLSTATE"
    text = shortened(entry.error) if entry.error else "the error text is hidden from this role"
    return f"error: {text} ({code})"
