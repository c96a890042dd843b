"""Describe what cancelling a run on several targets does and leaves. For the command and the terminal UI."""

from __future__ import annotations

from collections.abc import Mapping

from koonj.humanize import count, listed
from koonj.runner.run.cancel_wording import cancel_words
from koonj.runner.run.run_place import RunPlace

_MOST = 6
"""Maximum number of targets that are named."""


def now_words(running: list[str], waiting: int) -> str:
    """Return which targets are running, and how many others will not start."""
    now = f"running now: {', '.join(running)}." if running else "no target is running."
    return f"{now} No other target starts: {count(waiting, 'target')} left." if waiting else now


def fleet_cancel_words(places: Mapping[str, RunPlace], waiting: int) -> tuple[str, ...]:
    """Return what cancelling all runs does and leaves: a paragraph for those targets on which it is the same.

    `places`: by name of a target that is running, where its run is. `waiting`: targets that have not started.
    """
    first = now_words(sorted(places), waiting)
    alike: dict[str, list[str]] = {}
    for name in sorted(places):
        alike.setdefault(" ".join(cancel_words(places[name])), []).append(name)
    of_targets = (f"{listed(names, _MOST)}: {words}" for words, names in alike.items())
    return (first[:1].upper() + first[1:], *of_targets)


def part_cancel_words(place: RunPlace, waiting: int, *, goes_on: bool) -> tuple[str, ...]:
    """Return what cancelling the run on only one of several targets does and leaves.

    `goes_on`: other targets still start after one more failure.
    """
    others = "The runs in progress on other targets go on."
    if waiting:
        so = "other targets still start" if goes_on else f"{count(waiting, 'target')} will not be started"
        others = f"{others} It counts as a failure: {so}."
    return (*cancel_words(place), others)
