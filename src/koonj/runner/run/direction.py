"""Which script of a migration a run runs."""

from enum import StrEnum

from koonj.migrations.history_entry import Action


class Direction(StrEnum):
    """Which script of a migration runs: its body or its rollback."""

    APPLY = "apply"
    ROLLBACK = "rollback"

    @property
    def action(self) -> Action:
        """Action of a history entry for this direction."""
        return Action.APPLY if self is Direction.APPLY else Action.ROLLBACK
