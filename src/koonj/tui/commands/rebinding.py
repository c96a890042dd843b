"""The keymap from [keys], with checks.

koonj rejects a setting that makes it easier to start a change by mistake, or that leaves no key to quit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from koonj.config import ConfigError
from koonj.config.screen_settings import KeySetting
from koonj.config.toml_file import did_you_mean
from koonj.tui.commands.command import Command, Group
from koonj.tui.commands.keymap import Keymap
from koonj.tui.toolkit.key_names import KeyNameError, display_key, is_text, parse_key

DECIDING = ("y", "n", "w", "c", "enter", "space")
"""Keys that confirm or cancel in a dialog, or act on the selected item. Such a key must not start a change:
the user can press it twice, hold it down or press it for another screen. And a key that moves can be held
down, so it must not confirm."""
ANSWERS = (*DECIDING, "escape", "ctrl+c", "l")
"""Keys that answer a dialog or close it. No command of a dialog can have one."""
_FORM_KEYS = ("enter", "escape", "ctrl+c")
"""Keys of a form that cannot be changed."""
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
"""Commands that must keep a key, because dialogs and pane titles show it."""


def rebind(
    settings: Iterable[KeySetting],
    commands: Sequence[Command[Any]],
    editing: Sequence[Command[Any]] = (),
    dialogs: Sequence[Command[Any]] = (),
    matrix: Sequence[Command[Any]] = (),
    form: Sequence[Command[Any]] = (),
) -> Keymap:
    """Return the keymap with the user's keys for the main screen, the editor (`editing`) and the dialogs.

    `matrix`: all commands that have a key there, also those of the main screen. `form`: those of the form of
    a new migration alone.

    Raises:
        ConfigError: a setting names an unknown command or key, or is not allowed.
    """
    by_name = {command.name(): command for command in (*form, *matrix, *dialogs, *editing, *commands)}
    settings = tuple(settings)
    changed = {}
    for setting in settings:
        if setting.command not in by_name:
            known = sorted(by_name)
            raise ConfigError(
                f"{setting.where}: no command {setting.command!r}. {did_you_mean(setting.command, known)}"
            )
        changed[setting.command] = _keys(setting, by_name[setting.command])
    made = Keymap(MappingProxyType(changed), MappingProxyType(_replacements(changed, by_name)))
    moving = tuple(command for command in commands if command.group is Group.MOVING)
    for screen in (commands, editing, (*dialogs, *moving), matrix, form):
        _no_key_twice(made, settings, screen)
    return made


_PLACES: Mapping[Group, str] = MappingProxyType(
    {Group.DIALOGS: "plan ", Group.MATRIX: "matrix ", Group.FORM: "form "}
)
"""What stands before a key in texts if it is that of another command on the main screen."""


def _replacements(
    changed: Mapping[str, tuple[str, ...]], by_name: Mapping[str, Command[Any]]
) -> dict[str, str]:
    """Return what texts show for the default key of each changed command.

    For a command without a key that is its name in the command palette.
    """
    return {
        _PLACES.get(by_name[name].group, "") + display_key(by_name[name].key): display_key(keys[0])
        if keys
        else f":{name}"
        for name, keys in changed.items()
        if by_name[name].key
    }


def _keys(setting: KeySetting, command: Command[Any]) -> tuple[str, ...]:
    """Return Textual's names of the keys of one setting.

    Raises:
        ConfigError: a key is unknown or not allowed.
    """
    keys = []
    for text in setting.keys:
        try:
            keys.append(parse_key(text))
        except KeyNameError as error:
            raise ConfigError(f"{setting.where}: {setting.command}: {error}") from error
    _allowed(setting, command, keys)
    return tuple(dict.fromkeys(keys))


def _allowed(setting: KeySetting, command: Command[Any], keys: Sequence[str]) -> None:
    kept = KEPT.get(setting.command)
    if kept is not None and kept not in keys:
        more = ", ".join(f'"{key}"' for key in (kept, *keys))
        raise ConfigError(
            f"{setting.where}: {setting.command} must keep {display_key(kept)}, because dialogs show it. "
            f"Add other keys to it: {setting.command} = [{more}]."
        )
    if setting.command == "quit" and not keys:
        raise ConfigError(f"{setting.where}: quit must have a key.")
    if command.group is Group.EDITOR and (text := [k for k in keys if is_text(k)]):
        raise ConfigError(
            f"{setting.where}: {setting.command} is a command of the editor, where {display_key(text[0])} is "
            'text. Use a key such as "f4" or "ctrl+g".'
        )
    if command.in_text and (text := [k for k in keys if is_text(k)]):
        raise ConfigError(
            f"{setting.where}: {setting.command} works in a field, where {display_key(text[0])} is text. Use "
            'a key such as "tab" or "ctrl+t".'
        )
    if command.group is Group.FORM and (bad := [k for k in keys if k in _FORM_KEYS]):
        raise ConfigError(
            f"{setting.where}: {setting.command} is a command of a form, where {display_key(bad[0])} goes on "
            "or back. Use another key."
        )
    if command.group is Group.DIALOGS and (bad := [k for k in keys if k in ANSWERS]):
        raise ConfigError(
            f"{setting.where}: {setting.command} is a command of dialogs, where {display_key(bad[0])} is an "
            "answer. "
            f"Use a key other than {', '.join(map(display_key, ANSWERS))}."
        )
    if command.group in {Group.CHANGES, Group.MOVING} and (bad := [k for k in keys if k in DECIDING]):
        what = "changes the database" if command.group is Group.CHANGES else "is often held down"
        raise ConfigError(
            f"{setting.where}: {setting.command} {what}, and {display_key(bad[0])} confirms or "
            f"cancels in dialogs. Use a key other than {', '.join(map(display_key, DECIDING))}."
        )


def _no_key_twice(made: Keymap, settings: Sequence[KeySetting], commands: Sequence[Command[Any]]) -> None:
    holders: dict[str, list[Command[Any]]] = {}
    for command in commands:
        for key in made.keys_of(command):
            holders.setdefault(key, []).append(command)
    where = {setting.command: setting.where for setting in settings}
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
        remedy = f"Use another key for {one.name()}: {name} must keep this one."
    else:
        keys = "[" + ", ".join(f'"{k}"' for k in left) + "]"
        remedy = f'In [keys], set another key for {name}, for example {name} = "f5" or {name} = {keys}.'
    return f"{where[one.name()]}: {display_key(key)} is the key of both {one.name()} and {name}{at}. {remedy}"
