"""Keys of commands as the last line of a screen shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from koonj.tui.commands.command import Command
from koonj.tui.toolkit.key_names import display_key
from koonj.tui.toolkit.keyed_app import HasKeys
from koonj.tui.widgets.footer import Hint

KeysOf = Callable[[HasKeys], Sequence[str]]
"""Returns Textual's names of the current keys of a command."""


def key_hint(keys_of: KeysOf, command: Command[Any], label: str = "", *, runs: str = "") -> tuple[Hint, ...]:
    """Return the first key of a command; empty if the user has taken all its keys away.

    `runs`: what a click on it runs.
    """
    keys = keys_of(command)
    if not keys:
        return ()
    return (Hint(display_key(keys[0]), label or command.label, command=runs, help=command.help()),)


def pair_hint(
    keys_of: KeysOf, one: Command[Any], other: Command[Any], label: str, *, runs: str = ""
) -> tuple[Hint, ...]:
    """Return the shortest key of each of two commands in one hint: ``j/k``."""
    keys = [min(map(display_key, found), key=len) for found in (keys_of(one), keys_of(other)) if found]
    return (Hint("/".join(keys), label, command=runs),) if keys else ()
