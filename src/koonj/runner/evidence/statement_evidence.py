"""What the catalog shows about a statement whose end is not recorded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Effect(StrEnum):
    """Whether a statement took effect, as far as the catalog shows it."""

    DONE = "done"
    HALF = "half"
    """It stopped in the middle, and left something."""
    NOT = "not"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StatementEvidence:
    """What the catalog shows, and what can be done about it."""

    effect: Effect
    text: str
    """What was found, as a sentence."""
    repair: tuple[str, ...] = ()
    """SQL that removes or completes what the statement left."""
    done_after_repair: bool = False
    """After the repair the statement is done. Otherwise it must run again."""
    can_repeat: bool = False
    """The statement can simply run again: that completes it, or costs only time."""

    @property
    def needs_decision(self) -> bool:
        """Whether the user must decide: the catalog does not prove what to do."""
        if self.effect in (Effect.DONE, Effect.NOT):
            return False
        return not self.can_repeat


def done(text: str) -> StatementEvidence:
    """Return evidence that the statement is done."""
    return StatementEvidence(Effect.DONE, text)


def not_done(text: str) -> StatementEvidence:
    """Return evidence that the statement had no effect, so that it can run again."""
    return StatementEvidence(Effect.NOT, text, can_repeat=True)


def repeatable(text: str) -> StatementEvidence:
    """Return that nothing is known, and that the statement can run again."""
    return StatementEvidence(Effect.UNKNOWN, text, can_repeat=True)


def unknown(text: str) -> StatementEvidence:
    """Return that nothing is known, and that the user must decide."""
    return StatementEvidence(Effect.UNKNOWN, text)
