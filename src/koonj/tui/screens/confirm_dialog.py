"""The confirmation of a run: shows the plan."""

from __future__ import annotations

from collections.abc import Sequence

from koonj.runner.run.events import Question, QuestionKind
from koonj.runner.run.planned import Plan
from koonj.tui.render.plan_lines import heading, plan_lines
from koonj.tui.render.run_lines import Line
from koonj.tui.screens.confirmation import Confirmation


class ConfirmDialog(Confirmation):
    """Show the plan and ask for confirmation. The result is the expected answer of the question, or None."""

    def __init__(self, plan: Plan, question: Question, dsn: str) -> None:
        super().__init__(question.expected, typed=question.kind is QuestionKind.TYPED)
        self._plan = plan
        self._dsn = dsn

    def heading(self) -> str:
        return heading(self._plan)

    def lines(self, width: int) -> Sequence[Line]:
        return plan_lines(self._plan, self._dsn, width)
