"""What an apply or a rollback on several targets says about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from koonj.humanize import count
from koonj.runner.process.process_wording import CONTINUE
from koonj.runner.run.direction import Direction
from koonj.runner.run.fleet_events import COMPLETE, Outcome, TargetResult
from koonj.sql.display import spaced

_ORDER = (
    Outcome.FAILED,
    Outcome.REFUSED,
    Outcome.LOCKED,
    Outcome.UNREACHABLE,
    Outcome.CANCELLED,
    Outcome.NOT_STARTED,
)


def failures(results: Iterable[TargetResult]) -> int:
    """Return the number of targets that are not ready, or whose run did not end well."""
    waiting = {Outcome.PLANNED, Outcome.NOT_STARTED}
    return sum(one.outcome not in COMPLETE | waiting for one in results)


def nothing_to_do(direction: Direction) -> Outcome:
    """Return the outcome of a target on which there is nothing to do."""
    return Outcome.UP_TO_DATE if direction is Direction.APPLY else Outcome.NOTHING


def nothing_words(direction: Direction) -> str:
    """Return that there is nothing to do on any target."""
    if direction is Direction.APPLY:
        return "Nothing to apply: no migration is pending on any target."
    return "Nothing to roll back on any target."


def outcome_words(result: TargetResult) -> str:
    """Return the outcome in a word or two; of a conflict its state, such as ``edited``."""
    if result.outcome is Outcome.REFUSED and result.conflicts:
        return spaced(result.conflicts[0].state)
    return "nothing to do" if result.outcome is Outcome.NOTHING else spaced(result.outcome.value)


def not_ready_words(failures: int, of: int, ready: int) -> str:
    """Return that too many targets are not ready, and how to go on without them."""
    verb = "is" if failures == 1 else "are"
    words = f"Refused: {failures} of {count(of, 'target')} {verb} not ready. Nothing was changed."
    if not ready:
        return words
    others = count(ready, "other target")
    return (
        f"{words} Each of them counts as a failure. To go on with the {others}, and to stop when one of "
        f"these fails: --max-failures {failures + 1}"
    )


def ended_words(results: Sequence[TargetResult], direction: Direction) -> str:
    """Return on how many targets nothing is left to do, and how many ended in another way."""
    complete = sum(one.outcome in COMPLETE for one in results)
    committed = sum(len(one.committed) for one in results)
    changed = sum(bool(one.committed) for one in results)
    verb, state = ("Applied", "up to date") if direction is Direction.APPLY else ("Rolled back", "done")
    words = f"{verb} {count(committed, 'migration')} on {count(changed, 'target')}."
    if complete == len(results):
        all_of_them = "The target is" if complete == 1 else f"All {count(complete, 'target')} are"
        return f"{words} {all_of_them} {state}."
    counts = {outcome: sum(one.outcome is outcome for one in results) for outcome in _ORDER}
    others = ", ".join(f"{number} {spaced(outcome.value)}" for outcome, number in counts.items() if number)
    if len(results) == 1:
        return f"{words} The target is not {state}: {others}. {CONTINUE}"
    subject = f"{complete} of {len(results)} targets {'is' if complete == 1 else 'are'}"
    return f"{words} {subject if complete else 'No target is'} {state}; {others}. {CONTINUE}"
