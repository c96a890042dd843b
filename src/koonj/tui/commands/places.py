"""Commands that lead to what is wrong, and to what is pending."""

from __future__ import annotations

from typing import Protocol

from koonj.tui.commands.command import Command, Group, Verbs


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
