"""What an apply to several targets says about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from koonj.humanize import count
from koonj.runner.process.process_wording import CONTINUE
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


def outcome_words(result: TargetResult) -> str:
    """Return the outcome in a word or two; of a conflict its state, such as ``edited``."""
    if result.outcome is Outcome.REFUSED and result.conflicts:
        return spaced(result.conflicts[0].state)
    return spaced(result.outcome.value)


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


def ended_words(results: Sequence[TargetResult]) -> str:
    """Return how many targets have all migrations, and how many ended in another way."""
    complete = sum(one.outcome in COMPLETE for one in results)
    applied = sum(len(one.committed) for one in results)
    changed = sum(bool(one.committed) for one in results)
    words = f"Applied {count(applied, 'migration')} on {count(changed, 'target')}."
    if complete == len(results):
        return f"{words} All {count(complete, 'target')} are up to date."
    counts = {outcome: sum(one.outcome is outcome for one in results) for outcome in _ORDER}
    others = ", ".join(f"{number} {spaced(outcome.value)}" for outcome, number in counts.items() if number)
    verb = "is" if complete == 1 else "are"
    return f"{words} {complete} of {count(len(results), 'target')} {verb} up to date; {others}. {CONTINUE}"
