"""The dialog that shows which sessions are in the way of a run, and what the user can do about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from koonj.config import Target
from koonj.postgres.blocking_sessions import BlockingSession
from koonj.tui.render.run_lines import Line
from koonj.tui.render.unblock_lines import Choice, choices, unblock_lines, wrapped
from koonj.tui.screens.numbered_dialog import NumberedDialog


class UnblockDialog(NumberedDialog[Choice]):
    """Show who is in the way, and the choices. The result is a choice, or None.

    A choice changes nothing yet: koonj asks for a reason, and for the pid.
    """

    def __init__(self, target: Target, awaited: str, sessions: Sequence[BlockingSession]) -> None:
        """`awaited`: what the run waits for."""
        super().__init__(choices(sessions))
        self._target = target
        self._awaited = awaited
        self._sessions = sessions

    def heading(self) -> str:
        return f"In the way on {self._target.name}"

    def lines(self, width: int) -> Sequence[Line]:
        return list(self._lines(width))

    def _lines(self, width: int) -> Iterator[Line]:
        yield from wrapped(f"The run waits for {self._awaited}.", width, 1)
        yield []
        yield from unblock_lines(self._sessions, width)
