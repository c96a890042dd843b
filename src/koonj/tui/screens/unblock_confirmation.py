"""The dialogs that ask why a blocking session is ended, and confirm it with its pid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from koonj.config import Target
from koonj.postgres.blocking_sessions import command
from koonj.runner.run.unblock_wording import effect_words, ending_words
from koonj.tui.render.facts import fact_lines, target_band
from koonj.tui.render.run_lines import Line
from koonj.tui.render.unblock_lines import Choice, session_words, wrapped
from koonj.tui.screens.confirmation import Confirmation
from koonj.tui.screens.reason_dialog import ReasonDialog
from koonj.tui.theme import DIM


def _heading(choice: Choice) -> str:
    words = ending_words(choice.session, choice.how)
    return f"{words[0].upper()}{words[1:]}"


def _session_lines(choice: Choice, width: int) -> Iterator[Line]:
    first, *more = session_words(choice.session)
    yield from wrapped(first, width, 1)
    for line in more:
        yield from wrapped(line, width, 3, DIM)


class UnblockReasonDialog(ReasonDialog):
    """Ask why the user does that to another session."""

    def __init__(self, choice: Choice) -> None:
        super().__init__()
        self._choice = choice

    def heading(self) -> str:
        return _heading(self._choice)

    def lines(self, width: int) -> Sequence[Line]:
        return list(self._lines(width))

    def _lines(self, width: int) -> Iterator[Line]:
        yield from _session_lines(self._choice, width)
        yield []
        yield from wrapped(effect_words(self._choice.session, self._choice.how), width, 1)
        yield []
        text = "Why? The reason is recorded in the history, with your name and the session."
        yield from wrapped(text, width, 1)


class UnblockConfirmation(Confirmation):
    """Show what is sent to the server, and ask for the pid; for a protected target also for its name."""

    WHAT = "The text"

    def __init__(self, target: Target, choice: Choice, reason: str) -> None:
        pid = str(choice.session.blocker.pid)
        super().__init__(f"{target.name} {pid}" if target.protected else pid, typed=True)
        self._target = target
        self._choice = choice
        self._reason = reason

    @property
    def danger(self) -> bool:
        """Whether the target is protected; the pid is typed for every target."""
        return self._target.protected

    def heading(self) -> str:
        guard = "  PROTECTED" if self._target.protected else ""
        return f"{_heading(self._choice)}?{guard}"

    def lines(self, width: int) -> Sequence[Line]:
        return list(self._lines(width))

    def _lines(self, width: int) -> Iterator[Line]:
        session, how = self._choice.session, self._choice.how
        assert session.process is not None
        protected, fills = self._target.protected, self.has_fills
        yield from target_band(self._target.name, "", width, protected=protected, fills=fills)
        yield []
        yield from _session_lines(self._choice, width)
        yield []
        yield from fact_lines("runs now", command(session.process, how), width)
        yield from fact_lines("then", effect_words(session, how), width)
        yield from fact_lines("reason", self._reason, width)
        yield []
        yield from wrapped("It is recorded in the history: who, which session, and why.", width, 1)
