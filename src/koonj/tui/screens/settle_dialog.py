"""The dialog that shows what is known of an interrupted migration, and what the user can do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual import events

from koonj.config import Target
from koonj.postgres.leftovers import Leftover
from koonj.runner.evidence.interruption import Interruption
from koonj.runner.evidence.offer import Offer, offers
from koonj.runner.settle import InterruptedMigration
from koonj.tui.documents.sent_statement import SentStatement
from koonj.tui.render.run_lines import Line
from koonj.tui.render.settle_lines import choice_lines, known_lines, running_lines, statement_lines
from koonj.tui.screens.dialog import CLOSE, Dialog
from koonj.tui.toolkit.key_presses import CANCEL_KEYS
from koonj.tui.widgets.footer import Hint


class SettleDialog(Dialog[Offer | None]):
    """Show what is known, and the choices. The result is a choice, or None.

    A choice changes nothing yet: koonj asks for confirmation, or shows a plan.
    """

    def __init__(
        self,
        target: Target,
        found: InterruptedMigration,
        interruption: Interruption,
        sent: SentStatement | None,
        leftovers: Sequence[Leftover],
        refresh: str,
    ) -> None:
        """`found`, with its `interruption`; `refresh`: the key that reads the target again."""
        super().__init__()
        self._target = target
        self._name = found.status.name
        self._interruption = interruption
        self._sent = sent
        self._leftovers = leftovers
        self._refresh = refresh
        self._choices = tuple(offers(interruption, found.status))

    def heading(self) -> str:
        state = "is running" if self._interruption.is_running else "was interrupted"
        return f"{self._name} {state} on {self._target.name}"

    @property
    def hints(self) -> tuple[Hint, ...]:
        most = len(self._choices)
        choose = (Hint("1" if most == 1 else f"1-{most}", "choose"),) if most else ()
        return (*choose, Hint("Esc", "close", command=CLOSE), Hint("j/k", "scroll"))

    def lines(self, width: int) -> Sequence[Line]:
        return list(self._lines(width))

    def _lines(self, width: int) -> Iterator[Line]:
        yield from statement_lines(self._interruption, self._sent, width)
        yield []
        yield from known_lines(self._interruption, self._leftovers, width)
        if self._interruption.is_running:
            yield from running_lines(self._interruption, self._refresh, width)
        yield from choice_lines(self._interruption, self._choices, width)

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
