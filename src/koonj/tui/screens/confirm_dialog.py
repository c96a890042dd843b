"""The confirmation of a run: shows the plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, cast

from textual import events

from koonj.runner.run.conflict import Conflict
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Question, QuestionKind
from koonj.runner.run.planned import Plan
from koonj.runner.run.request import Request
from koonj.runner.run.row_check import Preflight
from koonj.tui.commands.dialogs import BATCH_PLAN, EXACT_PLAN, PROBE_PLAN
from koonj.tui.render.run_lines import Line
from koonj.tui.screens.confirmation import Confirmation
from koonj.tui.screens.dialog import DialogText
from koonj.tui.toolkit.key_names import display_key, is_text
from koonj.tui.widgets.footer import Hint

if TYPE_CHECKING:
    from koonj.tui.toolkit.keyed_app import KeyedApp

_WIDEST = 160
"""Cells of a plan on a screen that is wider."""
_IGNORED = "Ignored: key pressed too early or held down. Press {} again to {}."


class Instead(StrEnum):
    """What the user wants instead of an answer: another plan."""

    PROBE = "probe"
    """Run all on the target and roll it back, before the decision."""
    BATCH = "batch"
    """All migrations in one transaction."""
    SINGLY = "singly"
    """Each migration in its own transaction again."""
    EXACT = "exact"
    """The same, with an answer of all rows of the target."""


def changed(request: Request, instead: Instead) -> Request:
    """Return the request for what the user wants instead of the plan of `request`."""
    match instead:
        case Instead.PROBE:
            return replace(request, probe=True, batch=False)
        case Instead.BATCH:
            return replace(request, probe=False, batch=True)
        case Instead.SINGLY:
            return replace(request, probe=False, batch=False)
        case Instead.EXACT:
            return replace(request, preflight=Preflight.EXACT)


class ConfirmDialog(Confirmation):
    """Show the plan and ask for confirmation. The result is the expected answer of the question, or None."""

    def __init__(
        self,
        plan: Plan,
        question: Question,
        dsn: str,
        reason_of: Callable[[Conflict], str],
        *,
        is_probe: bool = False,
        refusal: str = "",
        of_tool: bool = False,
    ) -> None:
        """`reason_of`: gives the reason for what is allowed; `is_probe`: the plan is that of a probe.

        `refusal`: why the migrations cannot be a batch. `of_tool`: they are of another tool, which has none.
        """
        super().__init__(question.expected, typed=question.kind is QuestionKind.TYPED)
        self.instead: Instead | None = None
        """What the user wants if the result is None."""
        self._is_probe = is_probe
        self._refusal = refusal
        self._of_tool = of_tool
        self._plan = plan
        self._dsn = dsn
        self._reason_of = reason_of
        self._question = question.text.partition("?")[0] + "?"

    def heading(self) -> str:
        from koonj.tui.render.plan_lines import heading  # noqa: PLC0415 - the first paint does not wait for it

        return self._question if self._is_probe else heading(self._plan)

    def lines(self, width: int) -> Sequence[Line]:
        from koonj.tui.render.plan_lines import plan_lines  # noqa: PLC0415 - as above

        return plan_lines(
            self._plan,
            self._dsn,
            width,
            fills=self.has_fills,
            refusal=self._refusal,
            reason_of=self._reason_of,
            key=cast("KeyedApp", self.app).key_now,
            exactly="".join(hint.key for hint in self.hint_of(EXACT_PLAN)),
        )

    @property
    def box_width(self) -> int:
        """More of a wide screen: the plan has a table, and statements in one line."""
        return max(self.WIDTH, min(self.app.size.width * 4 // 5, _WIDEST))

    @property
    def verb(self) -> str:
        """What the answer does."""
        if self._is_probe:
            return "probe"
        return "apply" if self._plan.direction is Direction.APPLY else "roll back"

    @property
    def hints(self) -> tuple[Hint, ...]:
        confirm, *others = super().hints
        offered = () if self._is_probe else self.hint_of(PROBE_PLAN)
        if self._offers_batch:
            offered += self.hint_of(BATCH_PLAN, "one by one" if self._plan.batch else "")
        if self._offers_exact:
            offered += self.hint_of(EXACT_PLAN)
        return (confirm, *offered, *others)

    @property
    def _offers_exact(self) -> bool:
        return any(check.limit is not None for one in self._plan.migrations for check in one.row_checks)

    @property
    def _offers_batch(self) -> bool:
        several = len(self._plan.migrations) > 1 and not self._of_tool
        return several and not self._is_probe and self._plan.direction is Direction.APPLY

    def on_key(self, event: events.Key) -> None:
        # Textual calls this method of the base class too.
        if event.key in self.keys_of(PROBE_PLAN) and not self._is_probe:
            self._take(event, lambda: PROBE_PLAN.run(self), PROBE_PLAN.label)
        elif event.key in self.keys_of(BATCH_PLAN) and self._offers_batch:
            self._take(event, lambda: BATCH_PLAN.run(self), BATCH_PLAN.label)
        elif event.key in self.keys_of(EXACT_PLAN) and self._offers_exact:
            self._take(event, lambda: EXACT_PLAN.run(self), EXACT_PLAN.label)

    def _take(self, event: events.Key, action: Callable[[], None], label: str) -> None:
        event.stop()
        if is_text(event.key):
            self.decide(event, action, _IGNORED.format(display_key(event.key), label))
        else:  # no letter of a word that is typed
            action()

    def probe_instead(self) -> None:
        """Probe the plan instead."""
        self._plan_again(Instead.PROBE)

    def run_together(self) -> None:
        """Plan again, with all migrations in one transaction, or each in its own. Say why it cannot be."""
        if self._plan.batch:
            self._plan_again(Instead.SINGLY)
            return
        alone = next((one for one in self._plan.migrations if not one.in_transaction), None)
        if alone is None:
            self._plan_again(Instead.BATCH)
            return
        self._refusal = f"{alone.name} cannot be in one transaction with others: {alone.explanation}."
        self.query_one(DialogText).rebuild()

    def ask_exactly(self) -> None:
        """Plan again, and ask the target for all rows."""
        self._plan_again(Instead.EXACT)

    def _plan_again(self, instead: Instead) -> None:
        self.instead = instead
        self.dismiss(None)
