"""The wishes of [keys], met or refused: nothing that the person writes may make a change easier to begin by
mistake, or leave no way out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from koonj.config import ConfigError, KeySetting
from koonj.config.toml_file import did_you_mean
from koonj.tui.commands.command import Command, Group
from koonj.tui.commands.keymap import Keymap
from koonj.tui.toolkit.key_names import KeyNameError, key_named, shown_key

DECIDING = ("y", "n", "w", "c", "enter", "space")
"""Keys that decide in a dialog, or do what is under the cursor. One that is pressed twice, held down or meant
for another screen must not begin a change; and one that is held down to move must not decide."""
KEPT: Mapping[str, str] = MappingProxyType(
    {
        "back": "escape",
        "cancel": "ctrl+c",
        "pane-migrations": "1",
        "pane-preview": "2",
        "pane-targets": "3",
        "pane-run": "4",
    }
)
"""Commands that keep a key: dialogs and the panes' titles name it."""


def rebind(wishes: Iterable[KeySetting], commands: Sequence[Command[Any]]) -> Keymap:
    """The keys as the person wishes them. Raises ConfigError for a wish that cannot be met."""
    by_name = {command.name(): command for command in commands}
    wishes = tuple(wishes)
    changed = {}
    for wish in wishes:
        if wish.command not in by_name:
            known = sorted(by_name)
            raise ConfigError(
                f"{wish.where}: there is no command {wish.command!r}. {did_you_mean(wish.command, known)}"
            )
        changed[wish.command] = _keys(wish, by_name[wish.command])
    made = Keymap(MappingProxyType(changed), MappingProxyType(_instead(changed, by_name)))
    _no_key_twice(made, wishes, commands)
    return made


def _instead(changed: Mapping[str, tuple[str, ...]], by_name: Mapping[str, Command[Any]]) -> dict[str, str]:
    """A command without a key is found in the command palette, by its name."""
    return {
        shown_key(by_name[name].key): shown_key(keys[0]) if keys else f":{name}"
        for name, keys in changed.items()
        if by_name[name].key
    }


def _keys(wish: KeySetting, command: Command[Any]) -> tuple[str, ...]:
    """The keys of one wish, in Textual's names. Raises ConfigError."""
    keys = []
    for text in wish.keys:
        try:
            keys.append(key_named(text))
        except KeyNameError as error:
            raise ConfigError(f"{wish.where}: {wish.command}: {error}") from error
    _allowed(wish, command, keys)
    return tuple(dict.fromkeys(keys))


def _allowed(wish: KeySetting, command: Command[Any], keys: Sequence[str]) -> None:
    kept = KEPT.get(wish.command)
    if kept is not None and kept not in keys:
        more = ", ".join(f'"{key}"' for key in (kept, *keys))
        raise ConfigError(
            f"{wish.where}: {wish.command} keeps {shown_key(kept)}, which dialogs and titles name; "
            f"others can be added: {wish.command} = [{more}]."
        )
    if wish.command == "quit" and not keys:
        raise ConfigError(f"{wish.where}: quit needs a key: without one there is no way out.")
    if command.group in {Group.CHANGES, Group.MOVING} and (bad := [k for k in keys if k in DECIDING]):
        what = "changes the database" if command.group is Group.CHANGES else "is pressed again and again"
        raise ConfigError(
            f"{wish.where}: {wish.command} {what}, and {shown_key(bad[0])} is a key that decides "
            f"in dialogs. Take one that is none of {', '.join(map(shown_key, DECIDING))}."
        )


def _no_key_twice(made: Keymap, wishes: Sequence[KeySetting], commands: Sequence[Command[Any]]) -> None:
    holders: dict[str, list[Command[Any]]] = {}
    for command in commands:
        for key in made.keys_of(command):
            holders.setdefault(key, []).append(command)
    where = {wish.command: wish.where for wish in wishes}
    for key, twice in holders.items():
        if len(twice) < 2:
            continue
        wished = [command for command in twice if command.name() in where]
        if not wished:
            continue
        one = wished[0]
        other = next(command for command in twice if command is not one)
        raise ConfigError(_clash(key, one, other, made, where))


def _clash(key: str, one: Command[Any], other: Command[Any], made: Keymap, where: Mapping[str, str]) -> str:
    name = other.name()
    at = f" ({where[name]})" if name in where else ""
    left = [k for k in made.keys_of(other) if k != key]
    if name in KEPT:
        remedy = f"Take another key for {one.name()}: {name} keeps this one."
    else:
        keys = "[" + ", ".join(f'"{k}"' for k in left) + "]"
        remedy = f'Under [keys] give {name} another one, such as {name} = "f5", or {name} = {keys}.'
    return f"{where[one.name()]}: {shown_key(key)} is {one.name()}'s and {name}'s{at}. {remedy}"
