"""The dialog that shows which sessions are in the way of a run, and what the user can do about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual import events

from koonj.config import Target
from koonj.postgres.blocking_sessions import BlockingSession, checked_command
from koonj.tui.render.run_lines import Line
from koonj.tui.render.unblock_lines import Choice, choices, unblock_lines, wrapped
from koonj.tui.screens.copy_dialog import copy
from koonj.tui.screens.numbered_dialog import NumberedDialog
from koonj.tui.widgets.footer import Hint
from koonj.tui.widgets.pane import Copyable

_COPY = "y"


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
        self._sql = "\n".join(filter(None, map(checked_command, sessions)))
        """What another connection can run to end the sessions."""

    @property
    def hints(self) -> tuple[Hint, ...]:
        first, *others = super().hints
        copying = (Hint(_COPY, "copy the SQL that ends them"),) if self._sql else ()
        return (first, *copying, *others)

    def on_key(self, event: events.Key) -> None:
        if event.key == _COPY and self._sql:
            event.stop()
            copy(self.app, Copyable("the SQL that ends the sessions in the way", lambda: self._sql))

    def heading(self) -> str:
        return f"In the way on {self._target.name}"

    def lines(self, width: int) -> Sequence[Line]:
        return list(self._lines(width))

    def _lines(self, width: int) -> Iterator[Line]:
        yield from wrapped(f"The run waits for {self._awaited}.", width, 1)
        yield []
        yield from unblock_lines(self._sessions, width)
