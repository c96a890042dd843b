"""The confirmation of a run: shows the plan."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from koonj.runner.run.events import Question, QuestionKind
from koonj.runner.run.planned import Plan
from koonj.tui.render.plan_lines import heading, plan_lines
from koonj.tui.render.run_lines import Line
from koonj.tui.screens.confirmation import Confirmation
from koonj.tui.toolkit.key_names import display_key
from koonj.tui.widgets.footer import Hint

_PROBE = "p"
_TYPED_PROBE = "f5"
"""The key if the user types into the dialog."""
_IGNORED = "Ignored: key pressed too early or held down. Press p again to probe."


class ConfirmDialog(Confirmation):
    """Show the plan and ask for confirmation. The result is the expected answer of the question, or None."""

    def __init__(self, plan: Plan, question: Question, dsn: str, *, can_probe: bool = False) -> None:
        """`can_probe`: whether a key can probe the plan instead."""
        super().__init__(question.expected, typed=question.kind is QuestionKind.TYPED)
        self._can_probe = can_probe
        self.wants_probe = False
        """Whether the user wants to run all on the target and roll it back, before the decision."""
        self._plan = plan
        self._dsn = dsn

    def heading(self) -> str:
        return heading(self._plan)

    def lines(self, width: int) -> Sequence[Line]:
        return plan_lines(self._plan, self._dsn, width)

    @property
    def hints(self) -> tuple[Hint, ...]:
        confirm, *others = super().hints
        return (
            confirm,
            *((Hint(display_key(self._probe_key), "probe"),) if self._can_probe else ()),
            *others,
        )

    @property
    def _probe_key(self) -> str:
        return _TYPED_PROBE if self.typed else _PROBE

    def on_key(self, event: events.Key) -> None:
        # Textual calls this method of the base class too.
        if event.key == self._probe_key and self._can_probe:
            event.stop()
            if self.typed:  # no letter: it is no part of what the user types
                self._probe()
            else:
                self.decide(event, self._probe, _IGNORED)

    def _probe(self) -> None:
        self.wants_probe = True
        self.dismiss(None)
