"""The dialog that shows what is known of an interrupted migration, and what the user can do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from koonj.config import Target
from koonj.postgres.leftovers import Leftover
from koonj.runner.evidence.interruption import Interruption
from koonj.runner.evidence.offer import Offer, offers
from koonj.runner.settle import InterruptedMigration
from koonj.tui.documents.sent_statement import SentStatement
from koonj.tui.render.run_lines import Line
from koonj.tui.render.settle_lines import choice_lines, known_lines, running_lines, statement_lines
from koonj.tui.screens.numbered_dialog import NumberedDialog


class SettleDialog(NumberedDialog[Offer]):
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
        super().__init__(tuple(offers(interruption, found.status)))
        self._target = target
        self._name = found.status.name
        self._interruption = interruption
        self._sent = sent
        self._leftovers = leftovers
        self._refresh = refresh

    def heading(self) -> str:
        state = "is running" if self._interruption.is_running else "was interrupted"
        return f"{self._name} {state} on {self._target.name}"

    def lines(self, width: int) -> Sequence[Line]:
        return list(self._lines(width))

    def _lines(self, width: int) -> Iterator[Line]:
        yield from statement_lines(self._interruption, self._sent, width)
        yield []
        yield from known_lines(self._interruption, self._leftovers, width)
        if self._interruption.is_running:
            yield from running_lines(self._interruption, self._refresh, width)
        yield from choice_lines(self._interruption, self.choices, width)
