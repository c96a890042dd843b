"""Commands that lead to what is wrong, and to what is pending."""

from __future__ import annotations

from typing import Protocol

from koonj.tui.commands.command import Command, Group, Situation, Verbs

_NO_PROBLEM = "koonj found no problem in this migration."


class HasProblems(Protocol):
    """A screen whose problems keys can visit."""

    def next_problem(self, step: int) -> None:
        """Go to the next problem (1) or the previous one (-1)."""


class NextProblem(Command[HasProblems]):
    """Go to the next problem.

    In the preview and the editor that is a line, in the list a migration, in Drift an object. In the editor
    only keys that type no text work.
    """

    key = "f8"
    also = ("full_stop", "ctrl+n")
    label = "next problem"
    group = Group.MOVING
    footer = "2"

    def run(self, screen: HasProblems) -> None:
        screen.next_problem(1)


class PreviousProblem(Command[HasProblems]):
    """Go to the previous problem."""

    key = "shift+f8"
    also = ("comma", "f20")  # The Linux console sends F20 for it.
    label = "previous problem"
    group = Group.MOVING

    def run(self, screen: HasProblems) -> None:
        screen.next_problem(-1)


PROBLEMS: tuple[Command[HasProblems], ...] = (NextProblem(), PreviousProblem())
"""The keys are the same on every screen with problems."""


class HasOffers(Protocol):
    """A screen with findings that offer a pattern."""

    def use_pattern(self) -> None:
        """Open the form of the pattern that the current finding offers, filled in."""


class UsePattern(Command[HasOffers]):
    """Open the pattern that writes the safe form of what a safety rule has found, filled in.

    In the preview for the problem visited last, or the first one with a pattern; in the editor for that at
    the cursor, and only with keys that type no text. koonj says what is still to do in the file.
    """

    key = "ctrl+o"
    also = ("F",)
    label = "safe pattern"
    group = Group.MIGRATIONS
    footer = "12"
    only_available = True
    only_own_folder = True

    def why_not(self, now: Situation) -> str | None:
        """Return a reason if no pattern is the answer to the current problem, or the folder is not read."""
        if now.snapshot.folder is None:
            return "koonj has not read the migrations folder yet."
        if now.offers_pattern:
            return None
        if now.selected is None:
            return "No migration is selected."
        if now.problems is None:
            return "koonj has not read this migration yet."
        return "No pattern is the answer to this problem." if now.problems else _NO_PROBLEM

    def run(self, screen: HasOffers) -> None:
        screen.use_pattern()


USE_PATTERN = UsePattern()


class NextPending(Command[Verbs]):
    """Go to the next pending migration in the list."""

    key = "greater_than_sign"
    label = "next pending"
    group = Group.MOVING

    def run(self, screen: Verbs) -> None:
        screen.next_pending(1)


class PreviousPending(Command[Verbs]):
    """Go to the previous pending migration in the list."""

    key = "less_than_sign"
    label = "previous pending"
    group = Group.MOVING

    def run(self, screen: Verbs) -> None:
        screen.next_pending(-1)
