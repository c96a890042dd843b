"""Advice as the screen gives it: a key, where the command line has a command or an option.

The sentences are the same for both. Only this module decides which key stands for which command.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from koonj.tui.toolkit.key_names import default_key

KeyNow = Callable[[str], str]
"""Returns the current key for a default key."""

_ARGUMENT = r"(?: (?:--[a-z-]+(?: '[^']*'| (?!or\b|-)[\w.-]*\w)?|\d[\w.]*\w|\d))"
_COMMAND = re.compile(rf"(?P<lead>\b[Rr]un)?: (?:in a shell )?koonj (?P<verb>[a-z]+)(?P<rest>{_ARGUMENT}*)")
_OPTION = re.compile(
    r"(?:, or use another one(?::| with)|,? (?:or use|and add)|:| with)"
    r" --[a-z]+(?: [A-Z\d]+\b)?"
)

_KEYS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("apply", "--batch", ("A", "plan b")),
    ("apply", "--probe", ("a", "plan p")),
    ("apply", "--all", ("A",)),
    ("apply", "", ("a",)),
    ("rollback", "--probe", ("r", "plan p")),
    ("rollback", "", ("r",)),
    ("rehearse", "", ("p",)),
    ("renumber", "", ("m",)),
    ("restore", "", ("o",)),
    ("new", "--from-edit", ("x",)),
    ("settle", "", ("s",)),
    ("status", "", ("R",)),
    ("history", "", ("H",)),
    ("unblock", "", ("b",)),
    ("drift", "", ("D",)),
    ("trust", "", ("u",)),
)
"""Command, an option of it, and the default keys that do it on the screen, one after the other.

See `default_key` for those of a plan."""
_ONLY_COMMAND = ("trust", "--target")
"""A command and its option that the screen has no key for: u is about the folder, not about a target."""
_PRESS = {"Run": "Press", "run": "press", None: ": press"}
"""What stands for ``run:``, and for a colon alone."""
_NUMBERED = ("apply",)
"""Commands that a number limits: on the screen another key does that, for the selected migration."""
_UP_TO = "U"
_REHEARSE, _REHEARSE_ALL = "rehearse", "P"
"""A command that without a migration is about all of them: on the screen another key does that."""


def in_keys(text: str, key: KeyNow = default_key, *, before: tuple[str, ...] = ()) -> str:
    """Return advice with keys: ``Fix it, then press a`` for ``Fix it, then run: koonj apply``.

    `before`: the keys to press first, for a text in a dialog.
    """
    if "koonj " not in text and "--" not in text:
        return text

    def pressed(found: re.Match[str]) -> str:
        keys = _keys_of(found["verb"], found["rest"].split(), key, before)
        if keys is None:
            return found[0]
        return f"{_PRESS[found['lead']]} {keys}"

    return _OPTION.sub("", _COMMAND.sub(pressed, text))


def _keys_of(verb: str, words: list[str], key: KeyNow, before: tuple[str, ...]) -> str | None:
    if verb == _ONLY_COMMAND[0] and _ONLY_COMMAND[1] in words:
        return None
    for command, option, keys in _KEYS:
        if command == verb and (not option or option in words):
            pressed = _instead(verb, option, words) or keys
            return ", then ".join((*before, *map(key, pressed)))
    return None


def _instead(verb: str, option: str, words: list[str]) -> tuple[str, ...]:
    """Return the keys for a command that says about which migrations it is, if these are others."""
    numbered = any(word[:1].isdigit() for word in words)
    if verb in _NUMBERED and not option and numbered:
        return (_UP_TO,)
    return (_REHEARSE_ALL,) if verb == _REHEARSE and not numbered else ()
