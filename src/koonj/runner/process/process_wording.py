"""Words about a run in another process."""

from __future__ import annotations

from koonj.postgres.run_name import SHORT_ID
from koonj.runner.run.events import JournalBroken


def left_words(run_id: str) -> str:
    """Return how to come back to a run that goes on."""
    short = run_id[:SHORT_ID]
    return f"run {short} left running. To follow it, run: koonj attach {short}"


def broken_words(event: JournalBroken) -> tuple[str, str]:
    """Return what is known of a run whose process ended without a result, and what to do."""
    message = (
        f"The process of run {event.run_id[:SHORT_ID]} (pid {event.pid}) ended without a result, "
        "and its journal breaks off here. The run can have committed more than is shown."
    )
    if event.lost:
        message += f" {event.lost:,} lines of the journal could not be written."
    hints = ["To see what the target contains, run: koonj status"]
    if event.errors:
        hints.append(f"koonj printed an error before it ended: {event.errors}")
    return message, "\n".join(hints)
