"""The sentences that an empty tab shows."""

from __future__ import annotations

from koonj.humanize import count, sentences
from koonj.migrations.history_entry import Action, Outcome
from koonj.migrations.history_wording import own_history
from koonj.tui.documents.document import Document
from koonj.tui.render.history_entry_text import entry_words
from koonj.tui.state.rehearsals import Rehearsals
from koonj.tui.state.snapshot import Check, Row
from koonj.tui.widgets.preview.tabs import Tab


def no_verdict_reason(row: Row, rehearsals: Rehearsals, key: str) -> str | None:
    """Return why there is no verdict, or None. `key` starts a rehearsal."""
    if row.name in rehearsals.results and row.name != rehearsals.current:
        return None
    if row.migration is None:
        return "The file is missing, so it cannot be rehearsed."
    if row.name == rehearsals.current:
        steps = "koonj applies it, rolls it back and applies it again on a scratch database"
        return f"Rehearsal in progress: {steps}."
    if row.name in rehearsals.waiting:
        blocked = f" koonj is {rehearsals.blocked}." if rehearsals.blocked else ""
        return (
            f"Waiting to be rehearsed.{blocked} {count(len(rehearsals.waiting), 'migration')} in the queue."
        )
    if rehearsals.error:
        return f"The rehearsal could not run: {rehearsals.error} Press {key} to try again."
    return (
        f"Not rehearsed yet. Press {key} to apply it, roll it back and apply it again on a scratch database. "
        "The result shows its locks and whether its rollback works."
    )


def empty_reason(
    tab: Tab, row: Row, document: Document | None, check: Check | None, rehearsals: Rehearsals, key: str
) -> str | None:
    """Return why a tab is empty; None if it is not, or if that is not known yet.

    `key` starts a rehearsal.
    """
    if tab is Tab.REHEARSAL:
        return no_verdict_reason(row, rehearsals, key)
    if tab is Tab.ROLLBACK:
        return (
            document.rollback_mode
            if document and document.is_analyzed and document.rollback is None
            else None
        )
    if tab is Tab.STATEMENTS:
        empty = document is not None and document.statements is not None and not document.statements.text
        return "The file has no statements." if empty else None
    if tab is Tab.BODY or check is None:
        return None
    reason = _no_history_reason(check)
    if reason is not None:
        return reason
    return _no_change(row, check.target.name) if tab is Tab.CHANGES else _no_entry(row, check.target.name)


def _no_history_reason(check: Check) -> str | None:
    if check.status is None:
        return f"{check.target.name} has not responded yet, so its history is not known."
    if check.status.error is not None:
        error = sentences(*check.status.error.splitlines())  # libpq's messages have several, indented lines
        return f"The history of {check.target.name} could not be read: {error}"
    return own_history(check.status.tool) if check.status.tool else None


def _no_entry(row: Row, target: str) -> str | None:
    if row.status is not None and (row.status.last_entry is not None or row.status.allowed):
        return None
    return f"The history of {target} has no entry for this migration."


def _no_change(row: Row, target: str) -> str | None:
    entry = row.status.last_entry if row.status else None
    if entry is None:
        return f"Never run on {target}, so there is no earlier text to compare."
    if row.migration is None:
        return f"The file is missing. The tab Body shows the text that ran on {target}: {entry_words(entry)}."
    if entry.action is Action.ROLLBACK and entry.outcome is Outcome.DONE:
        return f"Not applied on {target}: {entry_words(entry)}."
    if row.migration.file_hash == entry.file_hash:
        return f"No changes: the file is the text that ran on {target}: {entry_words(entry)}."
    return None
