"""Commands of the screens over the main screen: Drift, matrix, history and history entry.

What the main screen has a command for has the same keys here. Only the matrix has commands of its own.
"""

from __future__ import annotations

from typing import Any, Protocol

from koonj.tui.commands.application import QUIT, Back, NextPane, PreviousPane
from koonj.tui.commands.command import Command, Group, Situation
from koonj.tui.commands.navigation import OVERLAY
from koonj.tui.commands.panes import Copy, Filter, Open, Refresh, Wrap
from koonj.tui.commands.runs import Cancel, Drift
from koonj.tui.commands.search import MATCHES
from koonj.tui.commands.targets import AllTargets, TargetHistory

_NO_MATRIX = "It is a command of the screen with all targets."


class HasCommands(Protocol):
    """A screen that runs its commands by name."""

    def do(self, command: str) -> None:
        """Run a command."""


class _OfMatrix(Command[HasCommands]):
    group = Group.MATRIX

    def why_not(self, now: Situation) -> str | None:
        return _NO_MATRIX

    def run(self, screen: HasCommands) -> None:
        screen.do(self.name())


class NextDifference(_OfMatrix):
    """Go to the next migration whose states differ between the targets."""

    key = "n"
    label = "next difference"


class PreviousDifference(_OfMatrix):
    """Go to the previous migration whose states differ between the targets."""

    key = "N"
    label = "previous difference"


class EveryRow(_OfMatrix):
    """List all migrations, or only those that are not applied on every target."""

    key = "o"
    label = "all rows"


class HideTarget(_OfMatrix):
    """Hide the target at the cursor, so that the others are compared without it."""

    key = "x"
    label = "hide target"


class ShowTargets(_OfMatrix):
    """Show the hidden targets again."""

    key = "X"
    label = "show hidden"


class ApplyToTargets(_OfMatrix):
    """Plan all shown targets, and apply to them after your yes."""

    key = "a"
    label = "apply to targets"
    only_own_folder = True


class RollBackTargetsTo(_OfMatrix):
    """Plan all shown targets, and roll back what has a number above that of the migration at the cursor.

    A protected target is confirmed with its name.
    """

    key = "B"
    label = "roll back targets to"
    only_own_folder = True


class RollBackTargets(_OfMatrix):
    """Plan all shown targets, and roll back all that is applied there, after your yes."""

    key = "Z"
    label = "roll back targets"
    only_own_folder = True


BACK, FILTER, OPEN, COPY = Back(), Filter(), Open(), Copy()
NEXT_PANE, PREVIOUS_PANE, REFRESH, WRAP = NextPane(), PreviousPane(), Refresh(), Wrap()
CANCEL, DRIFT, ALL_TARGETS, TARGET_HISTORY = Cancel(), Drift(), AllTargets(), TargetHistory()
NEXT_DIFFERENCE, PREVIOUS_DIFFERENCE = NextDifference(), PreviousDifference()
EVERY_ROW, HIDE_TARGET, SHOW_TARGETS = EveryRow(), HideTarget(), ShowTargets()
APPLY_TO_TARGETS = ApplyToTargets()
ROLL_BACK_TARGETS_TO, ROLL_BACK_TARGETS = RollBackTargetsTo(), RollBackTargets()

MATRIX: tuple[Command[Any], ...] = (
    NEXT_DIFFERENCE,
    PREVIOUS_DIFFERENCE,
    EVERY_ROW,
    HIDE_TARGET,
    SHOW_TARGETS,
    APPLY_TO_TARGETS,
    ROLL_BACK_TARGETS_TO,
    ROLL_BACK_TARGETS,
)
"""The commands of the matrix alone."""
ON_MATRIX: tuple[Command[Any], ...] = (
    *MATRIX,
    *(BACK, QUIT, FILTER, OPEN, REFRESH, ALL_TARGETS, CANCEL),
    *OVERLAY,
    *MATCHES,
)
"""All commands with a key on the matrix: none of them can have the key of another."""
