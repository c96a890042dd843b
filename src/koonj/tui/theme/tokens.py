"""The colours of the themes `dark` and `light`, by meaning.

Panes draw in styles whose colours are tokens, not colours. A token is the number of an 8-bit colour, which
koonj itself never draws in; `TokenFilter` replaces it when a line is written. So the same lines are right in
true colour, in 256 and 16 colours, and without colour.

Contrast and distance of all pairs are tested in tests/tui/test_tokens.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rich.color import Color


@dataclass(frozen=True, slots=True)
class TokenColours:
    """The colours of one token."""

    dark: str
    light: str
    dark_256: int | None = None
    """Number of the colour on a terminal with 256 colours; None: the nearest one."""
    light_256: int | None = None


_GROUND = (233, 231)
"""Background with 256 colours; no tint of it has enough contrast there."""

TOKENS: Mapping[str, TokenColours] = MappingProxyType(
    {
        "background": TokenColours("#12161c", "#fbfbf9", *_GROUND),
        "surface": TokenColours("#1a2029", "#f2f2ee", 235, 231),
        "raised": TokenColours("#222a35", "#ebece8", 235, 231),
        "border": TokenColours("#3b4656", "#bcc1c5", 239, 250),
        "accent": TokenColours("#5cc3f0", "#0a6a9c"),
        "text": TokenColours("#dde3ec", "#1f252d"),
        "muted": TokenColours("#98a4b5", "#565f6b"),
        "ok": TokenColours("#84dcb8", "#17703f", None, 29),
        "warn": TokenColours("#f0d060", "#9a5804", None, 130),
        "alert": TokenColours("#c792ff", "#832ebe", None, 91),
        "error": TokenColours("#ff7a6b", "#7c0a06", None, 88),
        "info": TokenColours("#9dbdf7", "#1f54b8"),
        "selected": TokenColours("#25364a", "#dfedf9", 237, 231),
        "danger": TokenColours("#3a1518", "#fde2dd", 52, 231),
        "ok-tint": TokenColours("#15302a", "#dcf0e4", *_GROUND),
        "warn-tint": TokenColours("#332e19", "#f8ebc8", *_GROUND),
        "alert-tint": TokenColours("#2d2343", "#f2e8fb", *_GROUND),
        "error-tint": TokenColours("#3f1d20", "#fde5e1", *_GROUND),
        "info-tint": TokenColours("#1c2c44", "#e3ecfb", *_GROUND),
        "keyword": TokenColours("#8fb6f5", "#1f54b8"),
        "string": TokenColours("#a5d6a0", "#2a6b2f"),
        "number": TokenColours("#e8b97a", "#8a4a00"),
        "type": TokenColours("#7fd0d6", "#0b6468"),
    }
)
"""All tokens. Border is for lines, never for text."""

TONES = ("ok", "warn", "alert", "error", "info")
"""Tokens of states, which have a tint for their badges."""

_FIRST = 16
"""Number of the first 8-bit colour that is not one of the 16 colours."""
_NUMBERS = {name: _FIRST + place for place, name in enumerate(TOKENS)}
_NAMES = {number: name for name, number in _NUMBERS.items()}


def token(name: str) -> Color:
    """Return the colour that stands for a token in a style."""
    return Color.from_ansi(_NUMBERS[name])


def token_name(colour: Color | None) -> str | None:
    """Return the name of the token that `colour` stands for; None if it is another colour."""
    return None if colour is None or colour.number is None else _NAMES.get(colour.number)
