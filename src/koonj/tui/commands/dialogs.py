"""Commands of dialogs. Their keys can be changed; the keys that answer (y, n, Enter, Esc, digits) cannot."""

from __future__ import annotations

from typing import Any, Protocol

from koonj.tui.commands.command import Command, Group, Situation

_NO_PLAN = "It is a command of the plan that a run shows before it asks."
_NO_CONFLICT = "It is a command of the dialog that asks for the reason to allow a conflict."
_NO_COPY = "It is a command of the dialog that shows a copied text."


class PlanVerbs(Protocol):
    """Methods of the dialog that shows a plan."""

    def probe_instead(self) -> None:
        """Probe the plan instead."""

    def run_together(self) -> None:
        """Plan again, with all migrations in one transaction, or each in its own."""

    def ask_exactly(self) -> None:
        """Plan again, and ask the target for all rows."""


class AllowVerbs(Protocol):
    """Methods of the dialog that asks for reasons."""

    def same_reason(self) -> None:
        """Give the last reason again."""


class CopyVerbs(Protocol):
    """Methods of the dialog that shows a copied text."""

    def show_plain(self) -> None:
        """Write the text to the terminal's normal screen."""


class ProbePlan(Command[PlanVerbs]):
    """In a plan: run everything on the target and roll it back, before you decide.

    A key that types text does not work where you type the name of a protected target.
    """

    key, also = "p", ("f5",)
    label = "probe"
    group = Group.DIALOGS

    def why_not(self, now: Situation) -> str | None:
        return _NO_PLAN

    def run(self, screen: PlanVerbs) -> None:
        screen.probe_instead()


class BatchPlan(Command[PlanVerbs]):
    """In the plan of an apply: run all migrations in one transaction, all of them or none.

    Pressed again, each has its own. koonj says why if one of them cannot be in it.
    """

    key, also = "b", ("f6",)
    label = "batch"
    group = Group.DIALOGS

    def why_not(self, now: Situation) -> str | None:
        return _NO_PLAN

    def run(self, screen: PlanVerbs) -> None:
        screen.run_together()


class ExactPlan(Command[PlanVerbs]):
    """In a plan: ask again what the target's rows will refuse, and read all of them.

    For answers that are not known because a quick question reads 1 % of a large table, for two seconds.
    """

    key, also = "e", ("f9",)
    label = "ask exactly"
    group = Group.DIALOGS

    def why_not(self, now: Situation) -> str | None:
        return _NO_PLAN

    def run(self, screen: PlanVerbs) -> None:
        screen.ask_exactly()


class SameReason(Command[AllowVerbs]):
    """In the dialog that asks for a reason: give the reason of the conflict before it again."""

    key = "f2"
    label = "same reason"
    group = Group.DIALOGS

    def why_not(self, now: Situation) -> str | None:
        return _NO_CONFLICT

    def run(self, screen: AllowVerbs) -> None:
        screen.same_reason()


class PlainText(Command[CopyVerbs]):
    """In the dialog of a copied text: leave koonj's screen for a moment, and write the text as it is.

    There the mouse selects whole lines, also those that are longer than the terminal is wide. Any key comes
    back.
    """

    key = "t"
    label = "plain text"
    group = Group.DIALOGS

    def why_not(self, now: Situation) -> str | None:
        return _NO_COPY

    def run(self, screen: CopyVerbs) -> None:
        screen.show_plain()


PROBE_PLAN, BATCH_PLAN, EXACT_PLAN, SAME_REASON, PLAIN_TEXT = (
    ProbePlan(),
    BatchPlan(),
    ExactPlan(),
    SameReason(),
    PlainText(),
)
DIALOGS: tuple[Command[Any], ...] = (PROBE_PLAN, BATCH_PLAN, EXACT_PLAN, SAME_REASON, PLAIN_TEXT)
