"""Describe what cancelling a run leaves on the target. For the command and the terminal UI."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.humanize import count, number_words
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import MigrationStarted, StatementStarted
from koonj.runner.run.run_place import RunPlace


def cancel_words(place: RunPlace) -> tuple[str, ...]:
    """Return what cancelling the run does and leaves, as paragraphs."""
    if place.settles:
        return (
            f"koonj settles the interruption of {place.settles}. Cancelling stops the command that is "
            "running. Commands that have run before it stay, and no decision is recorded.",
        )
    return (*_running(place), *_others(place))


def _running(place: RunPlace) -> Iterator[str]:
    """Yield what becomes of the migration that is running."""
    one = place.migration
    if one is None:
        yield "No migration is running now."
        return
    if one.in_transaction:
        yield (
            f"{one.name} runs in one transaction. Cancelling rolls it back: nothing of this migration stays."
        )
        return
    start = f"{one.name} runs in several transactions."
    if place.statement is None:
        yield f"{start} Its committed statements stay, and the history records them."
        return
    if one.statements == 1:
        yield f"{one.name} is one statement outside a transaction, which is cancelled."
        yield from _left_by(place.statement.summary, one.direction)
        return
    in_block = _is_in_block(place, one, place.statement)
    yield f"{start} {_committed(one, place.statement, in_block=in_block)}"
    if not in_block:
        yield from _left_by(place.statement.summary, one.direction)


def _is_in_block(place: RunPlace, one: MigrationStarted, running: StatementStarted) -> bool:
    """Return whether the file has the running statement in a transaction."""
    planned = next((m for m in place.plan.migrations if m.name == one.name), None) if place.plan else None
    return planned is not None and any(
        s.in_transaction for s in planned.statements if s.index == running.index
    )


def _committed(one: MigrationStarted, running: StatementStarted, *, in_block: bool) -> str:
    """Return how many statements of a migration stay, and what becomes of the running one."""
    end = "the transaction of the running one is rolled back" if in_block else "the running one is cancelled"
    of, done = count(one.statements, "statement"), running.committed
    if not done:
        return f"None of its {of} is done; {end}."
    stay = "is done and stays" if done == 1 else "are done and stay"
    return f"{number_words(done)} of {of} {stay}; {end}. The history records that."


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


def _others(place: RunPlace) -> Iterator[str]:
    """Yield what becomes of the other migrations of the plan."""
    of = len(place.plan.migrations) if place.plan is not None else 0
    done = "applied" if place.direction is Direction.APPLY else "rolled back"
    if place.done:
        verb = "is" if place.done == 1 else "are"
        yield f"{number_words(place.done)} of {count(of, 'migration')} {verb} {done} and will stay so."
    left = of - place.done - (place.migration is not None)
    if left > 0:
        yield f"{count(left, 'migration')} will not be started."
