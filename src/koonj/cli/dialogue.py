"""What following a run needs from whoever prints it: one run, or one on several targets."""

from __future__ import annotations

from typing import Protocol

from koonj.cli.diagnostics import ExitCode
from koonj.cli.invocation import Call
from koonj.runner.run.events import Event, JournalBroken, Question


class Dialogue(Protocol):
    """Printer of the events of a run, which also answers its questions."""

    call: Call

    def print_event(self, event: Event) -> None:
        """Print one event and flush."""

    async def answer(self, question: Question) -> str:
        """Return the user's answer; empty if there is nobody to ask."""

    def cancel_lines(self) -> tuple[str, ...]:
        """Return what cancelling the run does and leaves now."""

    def print_result(self, last: Event) -> ExitCode:
        """Print how the run ended, and return the exit code."""

    def print_broken(self, last: JournalBroken) -> None:
        """Print that the process of the run ended without a result."""
