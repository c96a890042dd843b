"""Words about a run in another process."""

from __future__ import annotations

from koonj.postgres.run_name import SHORT_ID
from koonj.runner.run.events import JournalBroken

CONTINUE = "To continue, run the same command again: it runs nothing twice."
"""How to go on after a run on several targets that did not complete all of them."""


def left_words(run_id: str) -> str:
    """Return how to come back to a run that goes on."""
    short = run_id[:SHORT_ID]
    return f"run {short} left running. To follow it, run: koonj attach {short}"


def no_journal_words(error: Exception) -> str:
    """Return that a run has no journal. `error`: says why."""
    return f"this run has no journal, so koonj attach and koonj runs cannot show it. {error}"


def broken_words(event: JournalBroken, *, of_targets: bool = False) -> tuple[str, str]:
    """Return what is known of a run whose process ended without a result, and what to do.

    `of_targets`: it was a run on several targets.
    """
    message = (
        f"The process of run {event.run_id[:SHORT_ID]} (pid {event.pid}) ended without a result, "
        "and its journal breaks off here. The run can have committed more than is shown."
    )
    if event.lost:
        message += f" {event.lost:,} lines of the journal could not be written."
    hints = ["To see what the target contains, run: koonj status"]
    if of_targets:
        hints = ["To see what the targets contain, run: koonj status --all-targets", CONTINUE]
    if event.errors:
        hints.append(f"koonj printed an error before it ended: {event.errors}")
    return message, "\n".join(hints)
