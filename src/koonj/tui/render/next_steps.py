"""The keys that make sense after a run that did not go well, best first."""

from __future__ import annotations

from koonj.migrations.states import State
from koonj.runner.run.events import Direction, Failure, RunResult
from koonj.tui.state.run import RunView

_AGAIN_FIRST = frozenset({"55P03", "57014", "40001", "40P01", "57P01", "57P02", "57P03"})
"""The file is not to blame: no lock in time, cancelled, a conflict with others, the server going down
(https://www.postgresql.org/docs/current/errcodes-appendix.html)."""

Key = tuple[str, str]
"""A key, and what it does."""


def next_keys(view: RunView) -> tuple[Key, ...]:
    """What a person would press now; nothing where there is nothing to mend."""
    if not view.has_problem:
        return ()
    return _of_failure(view, view.failure) if view.failure is not None else _of_result(view)


def _of_failure(view: RunView, failure: Failure) -> tuple[Key, ...]:
    again = _again(view)
    if not failure.name:
        return (("R", "ask the target again"), again)
    edit = ("i", f"edit {_number(failure.name)}")
    if failure.sqlstate in _AGAIN_FIRST or failure.sqlstate is None:
        return (again, edit, *_back(view, failure))
    return (edit, again, *_back(view, failure))


def _back(view: RunView, failure: Failure) -> tuple[Key, ...]:
    """What an apply left step by step can be taken back; of one transaction nothing is left."""
    planned = next((m for m in view.plan.migrations if m.name == failure.name), None) if view.plan else None
    if failure.direction is Direction.ROLLBACK or planned is None or planned.in_transaction:
        return ()
    return (("r", "roll back what it left"),)


def _of_result(view: RunView) -> tuple[Key, ...]:
    if view.finished is None:
        return (("R", "ask the target again"),)
    if view.finished.result is not RunResult.REFUSED:
        return (_again(view),)
    files = (o.name for o in view.finished.conflicts if o.name.endswith(".sql") and o.state != State.MISSING)
    named = next(files, None)
    edit = (("i", f"edit {_number(named)}"),) if named is not None else ()
    return (*edit, _again(view))


def _again(view: RunView) -> Key:
    return ("a" if view.direction is Direction.APPLY else "r"), "try again"


def _number(name: str) -> str:
    return name.partition("_")[0]
