"""Why a tab has nothing to show."""

from __future__ import annotations

from koonj.humanize import count
from koonj.migrations.history_entry import Action, Outcome
from koonj.tui.documents.document import Document
from koonj.tui.render.act_text import entry_words
from koonj.tui.state.rehearsals import Rehearsals
from koonj.tui.state.snapshot import Check, Row
from koonj.tui.widgets.preview.tabs import Tab


def unrehearsed(row: Row, rehearsals: Rehearsals, key: str) -> str | None:
    """In sentences; None where there is a verdict. `key` rehearses it now."""
    if row.name in rehearsals.results and row.name != rehearsals.current:
        return None
    if row.migration is None:
        return "There is no file to rehearse."
    if row.name == rehearsals.current:
        return "It is being rehearsed: up, down and up again, on a scratch database."
    if row.name in rehearsals.waiting:
        return f"It will be rehearsed in a moment; {count(len(rehearsals.waiting), 'migration')} to go."
    if rehearsals.error:
        return f"It could not be rehearsed: {rehearsals.error} {key} tries again."
    return (
        f"It was not rehearsed. {key} does it now: up, down and up again on a scratch database. That shows "
        "the locks that it takes, and whether its rollback works."
    )


def nothing_in(
    tab: Tab, row: Row, document: Document | None, check: Check | None, rehearsals: Rehearsals, key: str
) -> str | None:
    """Why, in a sentence; None where there is something, or may be. `key` rehearses."""
    if tab is Tab.REHEARSAL:
        return unrehearsed(row, rehearsals, key)
    if tab is Tab.ROLLBACK:
        return (
            document.rollback_mode
            if document and document.is_analyzed and document.rollback is None
            else None
        )
    if tab is Tab.STATEMENTS:
        empty = document is not None and document.statements is not None and not document.statements.text
        return "The file has no statement." if empty else None
    if tab is Tab.BODY or check is None:
        return None
    unread = _unread(check)
    if unread is not None:
        return unread
    return _no_change(row, check.target.name) if tab is Tab.CHANGES else _no_entry(row, check.target.name)


def _unread(check: Check) -> str | None:
    if check.status is None:
        return f"{check.target.name} has not answered yet: it is not known what ran there."
    if check.status.error is not None:
        return f"It is not known what ran on {check.target.name}: {check.status.error}"
    return None


def _no_entry(row: Row, target: str) -> str | None:
    if row.status is not None and (row.status.last_entry is not None or row.status.allowed):
        return None
    return f"No entry on this migration is recorded on {target}."


def _no_change(row: Row, target: str) -> str | None:
    entry = row.status.last_entry if row.status else None
    if entry is None:
        return f"It has not run on {target}: there is nothing to compare the file with."
    if row.migration is None:
        return f"The file is gone. Body shows the text that ran on {target}: {entry_words(entry)}."
    if entry.action is Action.ROLLBACK and entry.outcome is Outcome.DONE:
        return f"It is not applied on {target}: {entry_words(entry)}."
    if row.migration.file_hash == entry.file_hash:
        return f"The file is what ran on {target}: {entry_words(entry)}."
    return None
