"""What was done on a target before: its last run, and its last comparison with the migrations."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.humanize import count, end_time
from koonj.migrations.history_entry import Action, HistoryEntry, Outcome
from koonj.migrations.history_wording import entry_state
from koonj.migrations.states import GLYPHS, State
from koonj.tui.state.snapshot import Check
from koonj.tui.theme import DIM, GOOD, MOVING, PLAIN, STATES, WAITING
from koonj.tui.toolkit.strips import Part

PastFact = tuple[str, list[Part], str]
"""Label, text, and the time of it; empty if there is none."""
_DONE = {Action.APPLY: "applied", Action.ROLLBACK: "rolled back", Action.ADOPT: "adopted"}


def past_facts(check: Check) -> Iterator[PastFact]:
    """Yield the last run and the last comparison of a target that has answered. Nothing is guessed."""
    status = check.status
    if status is None or not check.answered:
        return
    last = status.last_run
    if status.running is not None:
        yield "last run", [(f"{GLYPHS[State.RUNNING]} in progress", MOVING)], ""
    elif last is None:
        yield "last run", [("none", DIM)], ""
    else:
        yield "last run", _run_parts(last), end_time(last.finished or last.started)
    yield _drift_fact(check, last)


def _run_parts(entry: HistoryEntry) -> list[Part]:
    state = entry_state(entry)
    word = _DONE.get(entry.action, "") if entry.outcome is Outcome.DONE else _NOT_DONE[entry.outcome]
    if entry.outcome is not Outcome.DONE and entry.action is Action.ROLLBACK:
        word = f"rollback {word}"
    return [(f"{GLYPHS[state]} ", STATES[state]), (f"{entry.name.partition('_')[0]} {word}", PLAIN)]


_NOT_DONE = {Outcome.FAILED: "failed", Outcome.STARTED: "has no recorded end"}


def _drift_fact(check: Check, last: HistoryEntry | None) -> PastFact:
    drift = check.drift
    if drift is None:
        return "drift", [("not compared", DIM)], ""
    if last is not None and (last.finished or last.started) > drift.at:
        return "drift", [("not compared since", DIM)], ""
    if not drift.objects:
        return "drift", [(f"{GLYPHS[State.APPLIED]} ", GOOD), ("none", PLAIN)], end_time(drift.at)
    words = f"{count(drift.objects, 'object')} {'differs' if drift.objects == 1 else 'differ'}"
    return "drift", [("~ ", WAITING), (words, PLAIN)], end_time(drift.at)
