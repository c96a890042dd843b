"""Commands that go on in a search, and those that search in the editor."""

from __future__ import annotations

from typing import Protocol

from koonj.tui.commands.command import Command, Group


class HasSearch(Protocol):
    """A screen whose text can be searched."""

    def next_match(self, step: int) -> None:
        """Go to the next match (1) or the previous one (-1)."""


class NextMatch(Command[HasSearch]):
    """Go to the next match of the search. Outside the editor n does the same during a search."""

    key = "f3"
    label = "next match"
    group = Group.MOVING

    def run(self, screen: HasSearch) -> None:
        screen.next_match(1)


class PreviousMatch(Command[HasSearch]):
    """Go to the previous match of the search. Outside the editor N does the same during a search."""

    key = "shift+f3"
    label = "previous match"
    group = Group.MOVING

    def run(self, screen: HasSearch) -> None:
        screen.next_match(-1)


MATCHES: tuple[Command[HasSearch], ...] = (NextMatch(), PreviousMatch())
