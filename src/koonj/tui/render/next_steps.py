"""Suggested keys after a run that failed or was refused, the best first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from koonj.migrations.names import number_words
from koonj.migrations.states import State
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import RunResult
from koonj.runner.run.failure import Failure
from koonj.sql.retry_settings import LOCK_NOT_AVAILABLE, REPEATABLE
from koonj.tui.state.fleet_run import FleetRunView
from koonj.tui.state.run import RunView, interrupted_name

_AGAIN_FIRST = frozenset({"55P03", "57014", "40001", "40P01", "57P01", "57P02", "57P03"})
"""SQLSTATEs that the file did not cause.

Lock timeout, cancelled, serialization failure or deadlock, server shutdown
(https://www.postgresql.org/docs/current/errcodes-appendix.html)."""

Key = tuple[str, str]
"""A key and its label."""

_FIXES: Mapping[str, Key] = MappingProxyType(
    {
        State.LATE: ("m", "renumber"),
        State.DUPLICATE: ("m", "renumber"),
        State.EDITED: ("x", "new from edit of"),
        State.MISSING: ("o", "restore"),
        State.RENAMED: ("o", "restore"),
    }
)
"""The key for a conflict, and what it does."""


def next_keys(view: RunView) -> tuple[Key, ...]:
    """Return the suggested keys; none if the run has nothing to fix."""
    if not view.has_problem:
        return ()
    if isinstance(view, FleetRunView):
        return (("T", "all targets: try again there"),)
    return _after_failure(view, view.failure) if view.failure is not None else _after_result(view)


def _after_failure(view: RunView, failure: Failure) -> tuple[Key, ...]:
    again = _again(view)
    if not failure.name:
        return (("R", "refresh the target"), again)
    edit = ("i", f"edit {number_words(failure.name)}")
    if failure.sqlstate in _AGAIN_FIRST or failure.sqlstate is None:
        return (again, *_patience(failure), edit, *_undo(view, failure))
    return (edit, again, *_undo(view, failure))


def _patience(failure: Failure) -> tuple[Key, ...]:
    """Suggest settings for the file with which it waits longer for locks, or tries again."""
    waits = failure.sqlstate in {LOCK_NOT_AVAILABLE, *REPEATABLE}
    return (("L", f"wait longer in {number_words(failure.name)}"),) if waits else ()


def _undo(view: RunView, failure: Failure) -> tuple[Key, ...]:
    """Suggest a rollback if an apply that failed has committed statements."""
    planned = view.plan is not None and any(m.name == failure.name for m in view.plan.migrations)
    is_partial = planned and failure.direction is Direction.APPLY and bool(failure.committed)
    return (("r", "undo committed statements"),) if is_partial else ()


def _after_result(view: RunView) -> tuple[Key, ...]:
    if view.finished is None:
        return (("R", "refresh the target"),)
    if view.finished.result is not RunResult.REFUSED:
        return (_again(view),)
    if (name := interrupted_name(view.finished.conflicts)) is not None:
        return (("s", f"settle {number_words(name)}"), _again(view))
    first = next((conflict for conflict in view.finished.conflicts if conflict.name), None)
    return (*(_fixes(first) if first is not None else ()), _again(view))


def _fixes(conflict: Conflict) -> Iterator[Key]:
    """Yield the keys that fix the conflict whose migration is selected."""
    number = number_words(conflict.name)
    if conflict.state in _FIXES:
        key, verb = _FIXES[conflict.state]
        yield key, f"{verb} {number}"
    if conflict.name.endswith(".sql") and conflict.state != State.MISSING:
        yield "i", f"edit {number}"


def _again(view: RunView) -> Key:
    if view.settling:
        return "s", f"settle {number_words(view.settling)}"
    return ("a" if view.direction is Direction.APPLY else "r"), "try again"
