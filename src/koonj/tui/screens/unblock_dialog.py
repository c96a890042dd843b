"""The dialog that shows which sessions are in the way of a run, and what the user can do about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual import events

from koonj.config import Target
from koonj.postgres.blocking_sessions import BlockingSession
from koonj.tui.render.run_lines import Line
from koonj.tui.render.unblock_lines import Choice, choices, unblock_lines, wrapped
from koonj.tui.screens.dialog import CLOSE, Dialog
from koonj.tui.toolkit.key_presses import CANCEL_KEYS
from koonj.tui.widgets.footer import Hint


class UnblockDialog(Dialog[Choice | None]):
    """Show who is in the way, and the choices. The result is a choice, or None.

    A choice changes nothing yet: koonj asks for a reason, and for the pid.
    """

    def __init__(self, target: Target, awaited: str, sessions: Sequence[BlockingSession]) -> None:
        """`awaited`: what the run waits for."""
        super().__init__()
        self._target = target
        self._awaited = awaited
        self._sessions = sessions
        self._choices = choices(sessions)

    def heading(self) -> str:
        return f"In the way on {self._target.name}"

    @property
    def hints(self) -> tuple[Hint, ...]:
        most = len(self._choices)
        choose = (Hint("1" if most == 1 else f"1-{most}", "choose"),) if most else ()
        return (*choose, Hint("Esc", "close", command=CLOSE), Hint("j/k", "scroll"))

    def lines(self, width: int) -> Sequence[Line]:
        return list(self._lines(width))

    def _lines(self, width: int) -> Iterator[Line]:
        yield from wrapped(f"The run waits for {self._awaited}.", width, 1)
        yield []
        yield from unblock_lines(self._sessions, width)

    def on_mount(self) -> None:
        super().on_mount()
        self.pane.focus()

    def on_key(self, event: events.Key) -> None:
        if event.key in CANCEL_KEYS:
            event.stop()
            self.close()
        elif event.key.isdigit() and 0 < int(event.key) <= len(self._choices):
            event.stop()
            self.dismiss(self._choices[int(event.key) - 1])
