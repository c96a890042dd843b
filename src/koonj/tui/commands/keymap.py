"""Which key is which command's: as declared, unless the person wishes otherwise in [keys].

One place is asked by footer, help, command palette and tooltips, so that all show the key that holds.
`key_wishes` makes one of the configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from koonj.tui.toolkit.key_names import NO_KEY, shown_key


class HasKeys(Protocol):
    """A command, as far as its keys go."""

    def name(self) -> str:
        """Its name in [keys]."""

    def all_keys(self) -> tuple[str, ...]:
        """Textual's names of its keys, as declared."""


@dataclass(frozen=True, slots=True)
class Keymap:
    """The keys of commands, by the commands' names; of those that are not in it, the declared ones."""

    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    instead: Mapping[str, str] = field(default_factory=dict)
    """For texts: of each changed command the first declared key -> what leads to it now, for people."""

    def keys_of(self, command: HasKeys) -> tuple[str, ...]:
        """Textual's names of the keys that a command has now; none where it has no key."""
        return self.changed.get(command.name(), command.all_keys())

    def shown(self, command: HasKeys) -> tuple[str, ...]:
        """The same, as they are written for people."""
        return tuple(shown_key(key) for key in self.keys_of(command))

    def now(self, key: str) -> str:
        """What a text says where, but for the person's wishes, it would say `key`."""
        return self.instead.get(key, key)

    def for_textual(self) -> dict[str, str]:
        """For `App.set_keymap`, which takes an empty text for no wish at all."""
        return {name: ",".join(keys) or NO_KEY for name, keys in self.changed.items()}
