"""Format a target's history as lines of text."""

from collections.abc import Iterable, Iterator
from pathlib import PurePath

from koonj.cli.invocation import number_of
from koonj.cli.marks import StateMarks
from koonj.humanize import moment
from koonj.migrations.history_entry import Action, HistoryEntry, Outcome, entries_with_earlier_names
from koonj.migrations.history_wording import (
    action_words,
    committed_words,
    entry_state,
    person_words,
    took_words,
)
from koonj.migrations.names import number_of as name_number


def history_lines(entries: Iterable[HistoryEntry], marks: StateMarks) -> Iterator[str]:
    """Yield each entry, oldest first, with its error or the reason of its decision."""
    for entry in entries:
        took = took_words(entry)
        when = f"{moment(entry.started)}{'  ' if took else ''}{took}"
        who = f"by {person_words(entry)}"
        yield f"{marks.for_state(entry_state(entry))} {_action(entry)}  {entry.name}  {when}  {who}"
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


def _action(entry: HistoryEntry) -> str:
    """Return the action and its outcome; of an apply or a rollback that is not done, how far it came."""
    words = action_words(entry)
    if entry.action is Action.ALLOW:
        return f"{words} from {entry.renamed_from}" if entry.renamed_from else words
    return words if entry.outcome is Outcome.DONE else f"{words}, {committed_words(entry)} committed"
