"""Names of keys: as people write and read them, and Textual's."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from textual.keys import KEY_NAME_REPLACEMENTS, Keys, key_to_character

from koonj.config.toml_file import did_you_mean

NO_KEY = Keys.Ignore.value
"""Textual's name for a key that nobody can press."""
_MODIFIERS = ("alt", "ctrl", "hyper", "meta", "shift", "super")
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "esc": "escape",
        "pgup": "pageup",
        "pgdn": "pagedown",
        "pgdown": "pagedown",
        "return": "enter",
        "del": "delete",
        "ins": "insert",
        "control": "ctrl",
        "option": "alt",
    }
)
"""Other words for the same, such as those that koonj shows."""
_SAME: Mapping[str, str] = MappingProxyType(
    {
        "ctrl+i": "tab",
        "ctrl+m": "enter",
        "ctrl+h": "backspace",
        "ctrl+left_square_bracket": "escape",
    }
)
"""What most terminals send for the left is what they send for the right (ASCII control characters)."""
_NAMED = frozenset(
    key.value for key in Keys if key.value.isalnum() and key is not Keys.Return
)  # without the modifiers, and what is no key


_FORMS = 'Write it as "a", "A", "?", "ctrl+a", "alt+x", "f5" or "pagedown".'


class KeyNameError(ValueError):
    """There is no such key; the message says what there is instead."""


def key_named(text: str) -> str:
    """Textual's name of a key that is written ``ctrl+a``, ``Ctrl+A``, ``?``, ``question_mark``, ``PgDn``.

    Raises KeyNameError.
    """
    *modifiers, base = _split(text)
    modifiers = [_WORDS.get(word.lower(), word.lower()) for word in modifiers]
    for word in modifiers:
        if word not in _MODIFIERS:
            raise KeyNameError(f"{text!r} is no key: {word!r} is none of {', '.join(_MODIFIERS)}.")
    name = _base(text, base)
    if len(name) == 1 and name.isalpha() and modifiers:
        name = name.lower()
        if modifiers == ["shift"]:
            return name.upper()
    elif modifiers == ["shift"] and _character(name) not in {None, " "}:
        raise KeyNameError(f"{text!r}: write the character itself that Shift makes of it.")
    key = "+".join([*sorted(set(modifiers)), name])
    if key in _SAME:
        raise KeyNameError(f"a terminal cannot tell {text!r} from {_SAME[key]!r}. Take another key.")
    return key


def _split(text: str) -> list[str]:
    """At each ``+``, except for one that is the key itself."""
    if text.endswith("++"):
        return [*text[:-2].split("+"), "+"]
    return [text] if text == "+" else text.split("+")


def _base(text: str, base: str) -> str:
    if len(base) == 1:
        return _of_character(text, base)
    word = _WORDS.get(base.lower(), base.lower())
    if word in _NAMED or word in KEY_NAME_REPLACEMENTS.values():
        return word
    character = _character(word)
    if character is not None and _of_character(text, character) == word:
        return word
    near = did_you_mean(word, sorted({*_NAMED, *KEY_NAME_REPLACEMENTS.values()}))
    raise KeyNameError(f"{text!r} is no key. {near if near.startswith('Did') else _FORMS}")


def _of_character(text: str, character: str) -> str:
    """As Textual names the key that types a character."""
    if character.isalnum():
        return character
    try:
        name = unicodedata.name(character).lower().replace("-", "_").replace(" ", "_")
    except ValueError:
        raise KeyNameError(f"{text!r} is no key.") from None
    return KEY_NAME_REPLACEMENTS.get(name, name)


_SHOWN: Mapping[str, str] = MappingProxyType(
    {
        "escape": "Esc",
        "space": "Space",
        "pageup": "PgUp",
        "pagedown": "PgDn",
        "delete": "Del",
        "insert": "Ins",
    }
)


def shown_key(key: str) -> str:
    """Textual's name of a key as it is written for people: ``ctrl+d`` as ``Ctrl+D``, ``slash`` as ``/``."""
    *modifiers, base = key.split("+")
    shown = _SHOWN.get(base) or _character(base) or base.capitalize()
    if not modifiers:
        return shown
    return "+".join([*(word.capitalize() for word in modifiers), shown.upper() if len(shown) == 1 else shown])


def _character(name: str) -> str | None:
    """What a key types; Unicode's own names have some for control characters too."""
    character = key_to_character(_LONG.get(name, name))
    return character if character and character.isprintable() else None


_LONG = MappingProxyType({short: long for long, short in KEY_NAME_REPLACEMENTS.items()})
