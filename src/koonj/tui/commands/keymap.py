"""The keys of commands: the default keys, or those that the user sets in [keys].

Footer, help, command palette and tooltips all use it, so they all show the current key. `rebinding.rebind`
makes a keymap from the configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from koonj.tui.toolkit.key_names import NO_KEY, default_key, display_key
from koonj.tui.toolkit.keyed_app import HasKeys


@dataclass(frozen=True, slots=True)
class Keymap:
    """The current keys of all commands."""

    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Command name -> Textual's names of its keys. Other commands have their default keys."""
    replacements: Mapping[str, str] = field(default_factory=dict)
    """For texts: first default key of each changed command -> its new key, or ``:name`` if it has none."""

    def keys_of(self, command: HasKeys) -> tuple[str, ...]:
        """Return Textual's names of the current keys of a command; empty if it has none."""
        return self.changed.get(command.name(), command.all_keys())

    def display_keys(self, command: HasKeys) -> tuple[str, ...]:
        """Return the current keys of a command as the user reads them."""
        return tuple(display_key(key) for key in self.keys_of(command))

    def current_key(self, key: str) -> str:
        """Return what a text shows for the default key `key`: the current key or command."""
        return self.replacements.get(key, default_key(key))

    @property
    def alt_characters(self) -> frozenset[str]:
        """Letters and digits that have a command with Alt. Terminals send Esc before them."""
        keys = (key.split("+") for keys in self.changed.values() for key in keys)
        return frozenset(
            parts[-1].upper() if "shift" in parts else parts[-1]
            for parts in keys
            if parts[0] == "alt" and len(parts[-1]) == 1
        )

    def for_textual(self) -> dict[str, str]:
        """Return the argument of `App.set_keymap`.

        Textual ignores an empty text, so a command without keys gets `NO_KEY`.
        """
        return {name: ",".join(keys) or NO_KEY for name, keys in self.changed.items()}
