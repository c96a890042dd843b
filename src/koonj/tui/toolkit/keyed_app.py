"""What widgets, dialogs and workers may ask of the app: when keys were pressed, and which key does what."""

from __future__ import annotations

from textual.app import App

from koonj.tui.toolkit.key_presses import KeyPresses


class KeyedApp(App[None]):
    """An app that remembers key presses and knows which keys the person has changed."""

    def __init__(self, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self.key_presses = KeyPresses()

    def key_now(self, key: str) -> str:
        """Give the key for a text that names `key`: the same one, or the one that the person has instead."""
        return key
