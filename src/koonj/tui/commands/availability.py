"""Commands as help and command palette show them: with their keys, and why one cannot be used now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from koonj.tui.commands import MAIN
from koonj.tui.commands.command import Command, Group, Situation
from koonj.tui.widgets.footer import Hint

KeysOf = Callable[[Command[Any]], Sequence[str]]
"""The keys of a command as they are written for people; none where it has no key."""


@dataclass(frozen=True)
class Offer:
    """One command, at one moment."""

    name: str
    group: Group
    keys: tuple[str, ...]
    help: str
    reason: str | None
    """Why it cannot be used now; None where it can."""
    label: str = ""

    @cached_property
    def text(self) -> str:
        """Where words are looked for, in lower case."""
        names = f"{self.name} {self.name.replace('-', ' ')} {self.name.replace('-', '')}"
        return f"{names} {self.label} {' '.join(self.keys)} {self.group.heading} {self.help}".lower()

    def has(self, word: str) -> bool:
        """Does `word` stand in it? One character alone is a key, or begins a word of the name."""
        if len(word) == 1:
            return word in self.keys or any(part.startswith(word) for part in self.name.split("-"))
        return word.lower() in self.text


def offers(commands: Iterable[Command[Any]], now: Situation, keys: KeysOf) -> tuple[Offer, ...]:
    """All `commands` as they stand now."""
    return tuple(
        Offer(c.name(), c.group, tuple(keys(c)), c.help(), c.why_not(now), c.label) for c in commands
    )


def having(found: Sequence[Offer], typed: str) -> tuple[Offer, ...]:
    """Those in which every word of `typed` stands, in the order in which they were."""
    words = typed.split()
    return tuple(offer for offer in found if all(offer.has(word) for word in words))


def nearest(found: Sequence[Offer], typed: str) -> tuple[Offer, ...]:
    """Those that `typed` may mean, the best first: by name, then by any word; else by letters in order."""
    if by_words := having(found, typed):
        return tuple(sorted(by_words, key=lambda offer: _rank(offer, typed)))
    letters = "".join(typed.lower().split())
    return tuple(offer for offer in found if _in_order(letters, offer.name))


def _rank(offer: Offer, typed: str) -> int:
    sought, name = "-".join(typed.lower().split()), offer.name
    if typed.strip() in offer.keys or sought == name:
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
    """What matters in the focused pane; what cannot be used now is dim."""
    running, keys = now.running, now.keymap
    shown = [c for c in MAIN if now.pane in c.footer and c.while_running >= running and keys.shown(c)]
    offered = [(c, c.why_not(now)) for c in shown]
    return tuple(
        Hint(keys.shown(c)[0], c.label, reason is None, c.name(), _help(c, reason))
        for c, reason in offered
        if running or not c.while_running or reason is None
    )


def _help(command: Command[Any], reason: str | None) -> str:
    return command.help() if reason is None else f"{command.help()}\n\nNot now: {reason}"
