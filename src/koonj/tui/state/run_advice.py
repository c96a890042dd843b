"""The result of a run with its advice in keys."""

from __future__ import annotations

from dataclasses import replace

from koonj.runner.run.conflict import Conflict
from koonj.runner.run.failure import Failure
from koonj.tui.state.run import RunView
from koonj.tui.state.screen_advice import KeyNow, in_keys


def view_in_keys(view: RunView, key: KeyNow) -> RunView:
    """Return a run whose result gives its advice in keys."""
    finished = view.finished
    if finished is None or (finished.failure is None and not finished.conflicts):
        return view
    failure = None if finished.failure is None else _failure(finished.failure, key)
    conflicts = tuple(_conflict(conflict, key) for conflict in finished.conflicts)
    return replace(view, finished=replace(finished, failure=failure, conflicts=conflicts))


def _failure(failure: Failure, key: KeyNow) -> Failure:
    return replace(failure, next_steps=tuple(in_keys(step, key) for step in failure.next_steps))


def _conflict(conflict: Conflict, key: KeyNow) -> Conflict:
    return conflict if conflict.can_allow else replace(conflict, hint=in_keys(conflict.hint, key))
