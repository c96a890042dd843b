"""Names of keys: as users write and read them, and as Textual names them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from textual.keys import KEY_NAME_REPLACEMENTS, Keys, key_to_character

from koonj.config.toml_file import did_you_mean

NO_KEY = Keys.Ignore.value
"""Textual's name of a key that does not exist on any keyboard."""
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
"""Other names of keys, such as those that koonj shows."""
_SAME_BYTES: Mapping[str, str] = MappingProxyType(
    {
        "ctrl+i": "tab",
        "ctrl+m": "enter",
        "ctrl+h": "backspace",
        "ctrl+left_square_bracket": "escape",
    }
)
"""Keys on the left send the same byte as those on the right on most terminals (ASCII control characters)."""
_NAMED = frozenset(
    key.value for key in Keys if key.value.isalnum() and key is not Keys.Return
)  # without modifiers and names that are no key


_FORMS = 'Write it as "a", "A", "?", "ctrl+a", "alt+x", "f5" or "pagedown".'


class KeyNameError(ValueError):
    """Raised if there is no such key. The message says which keys there are."""


def parse_key(text: str) -> str:
    """Return Textual's name of a key.

    The user can write ``ctrl+a``, ``Ctrl+A``, ``?``, ``question_mark`` or ``PgDn``.

    Raises: KeyNameError.
    """
    *modifiers, base = _split(text)
    modifiers = [_WORDS.get(word.lower(), word.lower()) for word in modifiers]
    for word in modifiers:
        if word not in _MODIFIERS:
            raise KeyNameError(
                f"{text!r} is not a key: {word!r} is not a modifier ({', '.join(_MODIFIERS)})."
            )
    name = _base(text, base)
    if len(name) == 1 and name.isalpha() and modifiers:
        name = name.lower()
        if modifiers == ["shift"]:
            return name.upper()
    elif modifiers == ["shift"] and _character(name) not in {None, " "}:
        raise KeyNameError(f"{text!r}: write the character that the key types with Shift.")
    key = "+".join([*sorted(set(modifiers)), name])
    if key in _SAME_BYTES:
        raise KeyNameError(
            f"terminals cannot distinguish {text!r} from {_SAME_BYTES[key]!r}. Use another key."
        )
    return key


def _split(text: str) -> list[str]:
    """Split at each ``+``, except for one that is the key itself."""
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
    raise KeyNameError(f"{text!r} is not a key. {near if near.startswith('Did') else _FORMS}")


def _of_character(text: str, character: str) -> str:
    """Return Textual's name of the key that types a character."""
    if character.isalnum():
        return character
    try:
        name = unicodedata.name(character).lower().replace("-", "_").replace(" ", "_")
    except ValueError:
        raise KeyNameError(f"{text!r} is not a key.") from None
    return KEY_NAME_REPLACEMENTS.get(name, name)


_DISPLAY_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "escape": "Esc",
        "space": "Space",
        "pageup": "PgUp",
        "pagedown": "PgDn",
        "delete": "Del",
        "insert": "Ins",
    }
)


def display_key(key: str) -> str:
    """Return a key as koonj shows it: ``ctrl+d`` as ``Ctrl+D``, ``slash`` as ``/``."""
    *modifiers, base = key.split("+")
    shown = _DISPLAY_NAMES.get(base) or _character(base) or base.capitalize()
    if not modifiers:
        return shown
    return "+".join([*(word.capitalize() for word in modifiers), shown.upper() if len(shown) == 1 else shown])


def default_key(key: str) -> str:
    """Return the default key that a text names.

    A key of a plan or of the matrix, which is another one on the main screen, has that before it: ``plan b``.
    """
    return key.rpartition(" ")[2]


def is_text(key: str) -> bool:
    """Return whether a key types a character."""
    return "+" not in key and _character(key) is not None and key not in _NO_TEXT


_NO_TEXT = frozenset({"tab", "enter", "escape", "backspace", "delete"})


def _character(name: str) -> str | None:
    """Return the character that a key types.

    Returns None for control characters, although Unicode has names for some of them.
    """
    character = key_to_character(_LONG.get(name, name))
    return character if character and character.isprintable() else None


_LONG = MappingProxyType({short: long for long, short in KEY_NAME_REPLACEMENTS.items()})
