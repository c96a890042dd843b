"""What the user can do about an interrupted apply or rollback."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING

from koonj.migrations.history_entry import Action
from koonj.runner.evidence.interruption import Interruption

if TYPE_CHECKING:
    from koonj.migrations.migration_status import MigrationStatus


class Offer(StrEnum):
    """One thing that the user can do."""

    CONTINUE = "continue"
    """Start the next run: it is known what is committed."""
    REPAIR = "repair"
    """Run the commands that remove or complete what the statement left."""
    AGAIN = "again"
    """Let the next run run the statement again."""
    DONE = "done"
    """Let the next run continue after the statement."""
    ROLL_BACK = "roll back"
    """Roll the migration back."""


def offers(interruption: Interruption, status: MigrationStatus) -> Iterator[Offer]:
    """Yield what the user can do; nothing as long as a session is at work on it."""
    evidence, migration = interruption.evidence, status.migration
    if interruption.is_running:
        return
    if interruption.known_done is not None:
        yield Offer.CONTINUE
        if interruption.repair:
            yield Offer.REPAIR
    elif evidence is not None and evidence.repair:
        yield Offer.REPAIR
    else:
        yield Offer.AGAIN
        yield Offer.DONE
    if interruption.entry.action is Action.APPLY and (migration is None or migration.has_rollback):
        yield Offer.ROLL_BACK
