"""Base class of the app: key presses, and keys that the user has changed."""

from __future__ import annotations

from typing import Protocol

from textual.app import App

from koonj.tui.toolkit.key_names import default_key
from koonj.tui.toolkit.key_presses import KeyPresses


class HasKeys(Protocol):
    """A command with a name and keys."""

    def name(self) -> str:
        """Return the name in [keys]."""

    def all_keys(self) -> tuple[str, ...]:
        """Return Textual's names of the default keys."""


class KeyedApp(App[None]):
    """An app that records key presses and knows the keys that the user has changed."""

    def __init__(self, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self.key_presses = KeyPresses()

    @property
    def has_fills(self) -> bool:
        """Whether the theme has backgrounds for rows, badges and lines, and borders around panes."""
        return False

    @property
    def has_run(self) -> bool:
        """Whether a run is in progress, so that koonj may not stop to draw."""
        return False

    def keys_of(self, command: HasKeys) -> tuple[str, ...]:
        """Return Textual's names of the current keys of a command."""
        return command.all_keys()

    def key_now(self, key: str) -> str:
        """Return the key that the user has for `key`, for a text that names it."""
        return default_key(key)
