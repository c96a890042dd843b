"""Advice as the screen gives it: a key, where the command line has a command or an option.

The sentences are the same for both. Only this module decides which key stands for which command.
"""

from __future__ import annotations

import re
from collections.abc import Callable

KeyNow = Callable[[str], str]
"""Returns the current key for a default key."""

_ARGUMENT = r"(?: (?:--[a-z-]+(?: '[^']*'| (?!or\b|-)[\w.-]*\w)?|\d[\w.]*\w|\d))"
_COMMAND = re.compile(rf"(?P<lead>\b[Rr]un)?: (?:in a shell )?koonj (?P<verb>[a-z]+)(?P<rest>{_ARGUMENT}*)")
_OPTION = re.compile(
    r"(?:, or use another one(?::| with)|,? (?:or use|and add)|; (?:to \w+ all|with more time):|:| with)"
    r" --[a-z]+(?: exact\b| [A-Z\d]+\b)?"
)

_KEYS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("apply", "--batch", ("A", "b")),
    ("apply", "--probe", ("a", "p")),
    ("apply", "--all", ("A",)),
    ("apply", "", ("a",)),
    ("rollback", "--probe", ("r", "p")),
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
"""Command, an option of it, and the default keys that do it on the screen, one after the other."""
_PRESS = {"Run": "Press", "run": "press", None: ": press"}
"""What stands for ``run:``, and for a colon alone."""
_NUMBERED = ("apply",)
"""Commands that a number limits: on the screen another key does that, for the selected migration."""
_UP_TO = "U"


def in_keys(text: str, key: KeyNow = str) -> str:
    """Return advice with keys: ``Fix it, then press a`` for ``Fix it, then run: koonj apply``."""
    if "koonj " not in text and "--" not in text:
        return text

    def pressed(found: re.Match[str]) -> str:
        keys = _keys_of(found["verb"], found["rest"].split(), key)
        if keys is None:
            return found[0]
        return f"{_PRESS[found['lead']]} {keys}"

    return _OPTION.sub("", _COMMAND.sub(pressed, text))


def _keys_of(verb: str, words: list[str], key: KeyNow) -> str | None:
    for command, option, keys in _KEYS:
        if command == verb and (not option or option in words):
            limited = verb in _NUMBERED and not option and any(word[:1].isdigit() for word in words)
            return ", then ".join(map(key, (_UP_TO,) if limited else keys))
    return None
