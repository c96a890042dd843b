"""Commands as the help, the command palette and the footer show them.

Each with its keys, and with the reason if it is not available now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from koonj.tui.commands.command import Command, Group, Situation
from koonj.tui.commands.main_screen import MAIN
from koonj.tui.commands.places import NextProblem
from koonj.tui.commands.runs import why_no_status
from koonj.tui.widgets.footer import LAST, Hint

_MOST = 8
"""Maximum number of keys of the footer, besides those at its right end."""

KeysOf = Callable[[Command[Any]], Sequence[str]]
"""Returns the keys of a command as the user reads them; empty if it has no key."""


@dataclass(frozen=True)
class CommandEntry:
    """A command as the help and the command palette show it at one moment."""

    name: str
    group: Group
    keys: tuple[str, ...]
    help: str
    reason: str | None
    """Why it is not available now; None if it is."""
    label: str = ""

    @cached_property
    def text(self) -> str:
        """The searchable text, in lower case."""
        names = f"{self.name} {self.name.replace('-', ' ')} {self.name.replace('-', '')}"
        return f"{names} {self.label} {' '.join(self.keys)} {self.group.heading} {self.help}".lower()

    def contains(self, word: str) -> bool:
        """Return whether the entry matches `word`.

        A single character matches a key, or the start of a word of the name.
        """
        if len(word) == 1:
            return word in self.keys or any(part.startswith(word) for part in self.name.split("-"))
        return word.lower() in self.text


def command_entries(
    commands: Iterable[Command[Any]], now: Situation, keys: KeysOf
) -> tuple[CommandEntry, ...]:
    """Return an entry for each of `commands`."""
    return tuple(
        CommandEntry(c.name(), c.group, tuple(keys(c)), c.help(), c.refusal(now), c.label) for c in commands
    )


def matching(found: Sequence[CommandEntry], typed: str) -> tuple[CommandEntry, ...]:
    """Return the entries that contain every word of `typed`, in the same order."""
    words = typed.split()
    return tuple(entry for entry in found if all(entry.contains(word) for word in words))


def best_matches(found: Sequence[CommandEntry], typed: str) -> tuple[CommandEntry, ...]:
    """Return the entries that match `typed`, the best first.

    By name, then by any word; if no word matches, by letters of the name in order.
    """
    if by_words := matching(found, typed):
        return tuple(sorted(by_words, key=lambda entry: _rank(entry, typed)))
    letters = "".join(typed.lower().split())
    return tuple(entry for entry in found if _in_order(letters, entry.name))


def _rank(entry: CommandEntry, typed: str) -> int:
    sought, name = "-".join(typed.lower().split()), entry.name
    if typed.strip() in entry.keys or sought == name:
        return 0
    if name.startswith(sought):
        return 1
    if sought in name:
        return 2
    return 3 if all(word in name for word in typed.lower().split()) else 4


def _in_order(letters: str, name: str) -> bool:
    rest = iter(name)
    return all(letter in rest for letter in letters)


def hints(now: Situation) -> tuple[Hint, ...]:
    """Return the footer of the focused pane: what one does next comes first, the last ones are left out.

    Commands that are not available are dim.
    """
    running, keys = now.running, now.keymap
    shown = [c for c in MAIN if now.pane in c.footer and c.while_running >= running and keys.display_keys(c)]
    offered = [
        (c, reason)
        for c, reason in ((c, c.refusal(now)) for c in shown)
        if reason is None or (not c.only_available and (running or not c.while_running))
    ]
    offered.sort(key=lambda pair: _rank_now(pair[0], pair[1], now))
    first = [pair for pair in offered if pair[0].name() not in LAST][:_MOST]
    last = [pair for pair in offered if pair[0].name() in LAST]
    return tuple(
        Hint(
            keys.display_keys(c)[0],
            c.label_for(now),
            reason is None,
            c.name(),
            _help(c, reason),
            changes_target=c.group is Group.CHANGES,
        )
        for c, reason in (*first, *last)
    )


def _rank_now(command: Command[Any], reason: str | None, now: Situation) -> int:
    """Return 0 for what only this state offers, 2 for a change without any work, and 1 for the rest.

    Before the target has responded, all keep their places: the line is not drawn twice.
    """
    if command.only_available or (isinstance(command, NextProblem) and _has_problem(now)):
        return 0
    has_no_work = command.group is Group.CHANGES and reason is not None and why_no_status(now) is None
    return 2 if has_no_work else 1


def _has_problem(now: Situation) -> bool:
    return now.selected is not None and now.selected.has_problem


def _help(command: Command[Any], reason: str | None) -> str:
    return command.help() if reason is None else f"{command.help()}\n\nNot available: {reason}"
