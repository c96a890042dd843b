"""Commands that go on in a search, and those that search in the editor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from koonj.tui.commands.command import Command, Group
from koonj.tui.toolkit.keyed_app import HasKeys


class HasSearch(Protocol):
    """A screen whose text can be searched."""

    def next_match(self, step: int) -> None:
        """Go to the next match (1) or the previous one (-1)."""


class NextMatch(Command[HasSearch]):
    """Go to the next match of the search. Unless it has another key, n does so outside the editor."""

    key = "f3"
    label = "next match"
    group = Group.MOVING

    def run(self, screen: HasSearch) -> None:
        screen.next_match(1)


class PreviousMatch(Command[HasSearch]):
    """Go to the previous match of the search. Unless it has another key, N does so outside the editor."""

    key = "shift+f3"
    label = "previous match"
    group = Group.MOVING

    def run(self, screen: HasSearch) -> None:
        screen.next_match(-1)


NEXT, PREVIOUS = NextMatch(), PreviousMatch()
MATCHES: tuple[Command[HasSearch], ...] = (NEXT, PREVIOUS)


def letter_steps(keys_of: Callable[[HasKeys], tuple[str, ...]]) -> dict[str, int]:
    """Return n and N with their steps: they go on in the search of a pane, but no bindings have them.

    One that [keys] gives another key to is left out.
    """
    letters = ((NEXT, "n", 1), (PREVIOUS, "N", -1))
    return {letter: step for command, letter, step in letters if keys_of(command) == command.all_keys()}


def match_keys(keys_of: Callable[[HasKeys], tuple[str, ...]]) -> dict[str, int]:
    """Return all keys that go on in the search of a pane, each with its step; those to show come first."""
    own = {key: step for command, step in ((NEXT, 1), (PREVIOUS, -1)) for key in keys_of(command)}
    return {**letter_steps(keys_of), **own}
