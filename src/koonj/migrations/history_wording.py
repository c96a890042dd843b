"""The words for a history entry: what was done, how it ended, and how long it took."""

from __future__ import annotations

from koonj.humanize import count, duration
from koonj.migrations.history_entry import UNBLOCKED, Action, HistoryEntry, Outcome
from koonj.migrations.states import State
from koonj.sql.display import spaced

_STATES = {
    Action.APPLY: State.APPLIED,
    Action.ROLLBACK: State.PENDING,
    Action.ADOPT: State.ADOPTED,
    Action.ALLOW: State.APPLIED,
}
"""State whose glyph is shown for an entry that is done."""
ENDS = {
    Outcome.DONE: "done",
    Outcome.FAILED: "failed",
    Outcome.STARTED: "started, no record that it finished",
}


def own_history(tool: str) -> str:
    """Return where the history of another tool's migrations is: not in koonj.history."""
    return f"{tool} keeps its own history, which koonj shows as the states of the migrations."


def entry_state(entry: HistoryEntry) -> State:
    """Return the state whose glyph and colour an entry has."""
    if entry.outcome is Outcome.DONE:
        return _STATES[entry.action]
    return State.FAILED if entry.outcome is Outcome.FAILED else State.INTERRUPTED


def action_words(entry: HistoryEntry) -> str:
    """Return the action and how it ended, such as ``apply done`` or ``allow edited``."""
    if entry.allowed == UNBLOCKED:
        return UNBLOCKED
    if entry.action is Action.ALLOW:
        return f"allow {spaced(entry.allowed or '')}"
    return f"{entry.action} {entry.outcome}"


def committed_words(entry: HistoryEntry) -> str:
    """Return how many statements are committed: ``at least 1 of 3 statements``; empty for a decision."""
    if entry.action in {Action.ALLOW, Action.ADOPT}:
        return ""
    least = "at least " if entry.outcome is Outcome.STARTED else ""
    return f"{least}{entry.statements_done} of {count(entry.statements_total, 'statement')}"


def reason_title(entry: HistoryEntry) -> str:
    """Return what the reason of an entry is: of an adoption, the evidence."""
    return "evidence" if entry.action is Action.ADOPT else "reason"


def person_words(entry: HistoryEntry) -> str:
    """Return who did it: ``ada@bastion as migrator``, with the role of the session."""
    return f"{user_words(entry)} as {entry.database_role}"


def user_words(entry: HistoryEntry) -> str:
    """Return who did it, without the role: ``ada@bastion``."""
    return f"{entry.os_user}@{entry.host}"


def took_words(entry: HistoryEntry) -> str:
    """Return how long it took; empty for a decision or an adoption, or if the end is not recorded."""
    if entry.finished is None or entry.action in {Action.ALLOW, Action.ADOPT}:
        return ""
    return duration((entry.finished - entry.started).total_seconds())
