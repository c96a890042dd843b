"""The dialogs that ask for the reason of a decision about an interrupted migration, and confirm it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from koonj.config import Target
from koonj.runner.evidence.interruption import Interruption
from koonj.runner.evidence.interruption_wording import finding_words
from koonj.runner.evidence.offer import Offer
from koonj.runner.settle import Settlement
from koonj.tui.documents.sent_statement import SentStatement
from koonj.tui.render.facts import fact_lines, target_band
from koonj.tui.render.offer_text import after_repair_words, choice_text, next_words
from koonj.tui.render.run_lines import Line
from koonj.tui.render.settle_lines import statement_lines
from koonj.tui.screens.confirmation import Confirmation
from koonj.tui.screens.reason_dialog import ReasonDialog
from koonj.tui.theme import ACCENT, PLAIN
from koonj.tui.toolkit.strips import wrap

_YES = "yes"


class DoneReasonDialog(ReasonDialog):
    """Ask why the user knows that the statement is done."""

    def __init__(self, interruption: Interruption, sent: SentStatement | None) -> None:
        super().__init__()
        self._interruption = interruption
        self._sent = sent

    def heading(self) -> str:
        return choice_text(Offer.DONE, self._interruption).title

    def lines(self, width: int) -> Sequence[Line]:
        return list(self._lines(width))

    def _lines(self, width: int) -> Iterator[Line]:
        yield from statement_lines(self._interruption, self._sent, width)
        yield []
        number = self._interruption.statement
        text = (
            f"The target does not show that statement {number} is done. How do you know that it is? "
            "The reason is recorded in the history."
        )
        for paragraph in (finding_words(self._interruption), "", text):
            yield from ([(" " + line, PLAIN)] for line in wrap(paragraph, width - 2))


class SettleConfirmation(Confirmation):
    """Show what runs now and what is recorded, and ask for confirmation."""

    def __init__(
        self,
        target: Target,
        server: str,
        interruption: Interruption,
        sent: SentStatement | None,
        offer: Offer,
        settlement: Settlement,
    ) -> None:
        """`server`: the server as the status shows it."""
        super().__init__(target.name if target.protected else _YES, typed=target.protected)
        self._target = target
        self._server = server
        self._interruption = interruption
        self._sent = sent
        self._offer = offer
        self._settlement = settlement

    def heading(self) -> str:
        guard = "  PROTECTED" if self._target.protected else ""
        return f"{choice_text(self._offer, self._interruption).title}?{guard}"

    def lines(self, width: int) -> Sequence[Line]:
        return list(self._lines(width))

    def _lines(self, width: int) -> Iterator[Line]:
        protected, fills = self._target.protected, self.has_fills
        yield from target_band(self._target.name, self._server, width, protected=protected, fills=fills)
        yield []
        yield from statement_lines(self._interruption, self._sent, width)
        yield []
        if self._settlement.repair:
            yield from self._commands(width)
            yield from fact_lines("then", after_repair_words(self._interruption), width)
        else:
            number = self._settlement.again or (self._settlement.done or 0) + 1
            yield from fact_lines("runs now", "nothing", width)
            yield from fact_lines("then", next_words(self._interruption, number), width)
        if self._settlement.reason:
            yield from fact_lines("reason", self._settlement.reason, width)
        yield []
        text = "The decision, and what was found, are recorded in the history."
        yield from ([(" " + line, PLAIN)] for line in wrap(text, width - 2))

    def _commands(self, width: int) -> Iterator[Line]:
        for index, command in enumerate(choice_text(Offer.REPAIR, self._interruption).commands):
            label, *text = fact_lines("" if index else "runs now", command, width)
            yield from ([*line[:-1], (line[-1][0], ACCENT)] for line in (label, *text))
