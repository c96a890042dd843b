"""The keys that the pattern palette shows in its last line."""

from __future__ import annotations

from koonj.tui.commands.application import HELP
from koonj.tui.commands.forms import COMPLETE_NAME, EDIT_FILES, FILTER_PATTERNS, NEXT_NAME
from koonj.tui.commands.key_hints import KeysOf, key_hint, pair_hint
from koonj.tui.commands.navigation import DOWN, PAGE_DOWN, PAGE_UP, UP
from koonj.tui.screens.dialog import CLOSE
from koonj.tui.widgets.footer import Hint

FILTER_HINTS = (
    Hint("Enter", "fill in fields"),
    Hint("Up/Down", "select pattern"),
    Hint("Esc", "show all"),
)
"""The keys of the filter of the patterns."""


def list_hints(keys_of: KeysOf) -> tuple[Hint, ...]:
    """Return the keys of the list of patterns."""
    return (
        Hint("Enter", "fill in fields"),
        *pair_hint(keys_of, DOWN, UP, "select pattern"),
        *key_hint(keys_of, FILTER_PATTERNS),
        Hint("Esc", "close", command=CLOSE),
        *key_hint(keys_of, HELP, runs=HELP.label),
    )


def form_hints(keys_of: KeysOf, keys_in_text: KeysOf) -> tuple[Hint, ...]:
    """Return the keys of the fields. `keys_in_text` returns those of a command that type no text."""
    return (
        Hint("Enter", "next field"),
        *pair_hint(keys_of, COMPLETE_NAME, NEXT_NAME, COMPLETE_NAME.label),
        Hint("Esc", "select pattern"),
        *key_hint(keys_in_text, EDIT_FILES),
        *pair_hint(keys_of, PAGE_DOWN, PAGE_UP, "scroll SQL"),
        *key_hint(keys_in_text, HELP, runs=HELP.label),
    )
