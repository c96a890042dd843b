"""Format a target's history as lines of text."""

from collections.abc import Iterable, Iterator

from koonj.cli.marks import StateMarks
from koonj.humanize import moment
from koonj.migrations.history_entry import Action, HistoryEntry, Outcome
from koonj.migrations.history_wording import (
    action_words,
    committed_words,
    entry_state,
    person_words,
    reason_title,
    took_words,
)


def history_lines(entries: Iterable[HistoryEntry], marks: StateMarks) -> Iterator[str]:
    """Yield each entry, oldest first, with its error or the reason of its decision."""
    for entry in entries:
        took = took_words(entry)
        when = f"{moment(entry.started)}{'  ' if took else ''}{took}"
        who = f"by {person_words(entry)}"
        yield f"{marks.for_state(entry_state(entry))} {_action(entry)}  {entry.name}  {when}  {who}"
        if entry.reason:
            yield f"    {reason_title(entry)}: {entry.reason}"
        if entry.error:
            code = f" (SQLSTATE {entry.sqlstate})" if entry.sqlstate else ""
            first, *rest = entry.error.split("\n")
            yield f"    error: {first}{code}"
            yield from (f"    {line}" for line in rest)


def _action(entry: HistoryEntry) -> str:
    """Return the action and its outcome; of an apply or a rollback that is not done, how far it came."""
    words = action_words(entry)
    if entry.action is Action.ALLOW:
        return f"{words} from {entry.renamed_from}" if entry.renamed_from else words
    return words if entry.outcome is Outcome.DONE else f"{words}, {committed_words(entry)} committed"
