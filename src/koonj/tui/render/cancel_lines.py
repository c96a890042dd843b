"""What cancelling a run leaves on the target, in words."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.humanize import count, number_words
from koonj.runner.run.direction import Direction
from koonj.runner.run.planned import PlannedMigration
from koonj.tui.state.run import RunView


def cancel_words(view: RunView) -> tuple[str, ...]:
    """Return what cancelling the run does and leaves, as paragraphs."""
    return (*_running(view), *_others(view))


def _running(view: RunView) -> Iterator[str]:
    """Yield what becomes of the migration that is running."""
    one = view.migration
    if one is None:
        yield "No migration is running now."
        return
    if one.in_transaction:
        yield (
            f"{one.name} runs in one transaction. Cancelling rolls it back: nothing of this migration stays."
        )
        return
    planned = _planned(view, one.name)
    index = view.statement.index if view.statement is not None else None
    yield f"{one.name} runs in several transactions. {_committed(planned, index, one.statements)}"
    if index is not None and view.statement is not None:
        yield from _left_by(view.statement.summary, one.direction)


def _committed(planned: PlannedMigration | None, index: int | None, of: int) -> str:
    """Return what of a migration stays whose statement `index` is running."""
    if planned is None or index is None:
        return "Its committed statements stay, and the history records them."
    if any(s.in_transaction for s in planned.statements if s.index == index):
        return (
            "The transaction of the running statement is rolled back. Statements that were committed before "
            "it stay, and the history records them."
        )
    done = index - 1
    if not done:
        return f"None of its {count(of, 'statement')} is committed yet."
    verb = "is" if done == 1 else "are"
    return (
        f"{number_words(done)} of {count(of, 'statement')} {verb} committed and will stay. "
        "The history records that."
    )


def _left_by(summary: str, direction: Direction) -> Iterator[str]:
    """Yield what the running statement leaves if it is cancelled, as far as its summary tells."""
    words = summary.lower()
    again = "apply" if direction is Direction.APPLY else "rollback"
    if "concurrently" in words.split():
        if words.startswith(("create index", "create unique index")):
            yield (
                "The running statement leaves an INVALID index. The next "
                f"{again} removes it and builds the index again."
            )
        elif words.startswith("reindex"):
            yield f"The running statement can leave INVALID copies of indexes. The next {again} removes them."
        elif words.startswith("drop index"):
            yield f"The running statement can leave its index INVALID. The next {again} completes the drop."
        elif "detach" in words:
            yield f"The running statement can leave the detach pending. The next {again} completes it."
    elif words.startswith(("call", "do")):
        yield "The running statement can commit in parts. The parts that it has committed stay."


def _others(view: RunView) -> Iterator[str]:
    """Yield what becomes of the other migrations of the plan."""
    of = len(view.plan.migrations) if view.plan is not None else 0
    done = "applied" if view.direction is Direction.APPLY else "rolled back"
    if view.done:
        verb = "is" if view.done == 1 else "are"
        yield f"{number_words(view.done)} of {count(of, 'migration')} {verb} {done} and will stay so."
    left = of - view.done - (view.migration is not None)
    if left > 0:
        yield f"{count(left, 'migration')} will not be started."


def _planned(view: RunView, name: str) -> PlannedMigration | None:
    return next((m for m in view.plan.migrations if m.name == name), None) if view.plan else None
