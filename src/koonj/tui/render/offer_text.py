"""The choices about an interrupted migration, as text."""

from __future__ import annotations

from dataclasses import dataclass

from koonj.migrations.history_entry import Action
from koonj.runner.evidence.interruption import Interruption
from koonj.runner.evidence.interruption_wording import way_on_words
from koonj.runner.evidence.offer import Offer


@dataclass(frozen=True, slots=True)
class ChoiceText:
    """A choice as the user reads it."""

    title: str
    effect: str
    """When it is right, and what it does."""
    commands: tuple[str, ...] = ()
    """SQL that runs now."""


def choice_text(offer: Offer, interruption: Interruption) -> ChoiceText:
    """Return the text of a choice."""
    number, verb = interruption.statement, _verb(interruption)
    match offer:
        case Offer.CONTINUE:
            effect = f"{way_on_words(interruption)} koonj shows its plan first."
            return ChoiceText(f"Continue the {verb}", effect)
        case Offer.REPAIR:
            title = "Only repair" if interruption.repair else "Repair"
            effect = f"{repair_words(interruption)} koonj runs now:"
            return ChoiceText(title, effect, _repair(interruption))
        case Offer.AGAIN:
            effect = f"Right if it continues where it stopped. The next {verb} runs it."
            return ChoiceText(f"Run statement {number} again", effect)
        case Offer.DONE:
            effect = (
                "Right if you know that it is done. koonj asks for a reason. "
                f"{next_words(interruption, number + 1)}"
            )
            return ChoiceText(f"Continue after statement {number}", effect)
        case Offer.ROLL_BACK:
            return ChoiceText("Roll the migration back", "koonj shows the plan of the rollback first.")


def repair_words(interruption: Interruption) -> str:
    """Return what the repair does, as a sentence."""
    if _completes(interruption):
        return f"Completes statement {interruption.statement}."
    return f"Removes what statement {interruption.statement} left, so that it can run again."


def after_repair_words(interruption: Interruption) -> str:
    """Return what the next run does after the repair."""
    return next_words(interruption, interruption.statement + _completes(interruption))


def _completes(interruption: Interruption) -> bool:
    return interruption.evidence is not None and interruption.evidence.done_after_repair


def next_words(interruption: Interruption, number: int) -> str:
    """Return with which statement the next run continues."""
    if number > interruption.entry.statements_total:
        done = "rolled back" if interruption.entry.action is Action.ROLLBACK else "applied"
        return f"Nothing is left to run: the migration is then {done}."
    return f"The next {_verb(interruption)} continues with statement {number}."


def _repair(interruption: Interruption) -> tuple[str, ...]:
    return () if interruption.evidence is None else interruption.evidence.repair


def _verb(interruption: Interruption) -> str:
    return "rollback" if interruption.entry.action is Action.ROLLBACK else "apply"
