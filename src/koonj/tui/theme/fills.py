"""Styles with a background, for the themes that have fills.

In 16 colours they are coloured or reversed text.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from rich.style import Style

from koonj.tui.theme.styles import BAD, DIM, GOOD, MOVING, WAITING, WARNING
from koonj.tui.theme.tokens import token

SURFACE = Style(bgcolor=token("surface"))
"""First and last line of the screen, and dialogs."""
LIFTED = Style(bgcolor=token("raised"))
"""Row of the cursor in a pane without the focus, and bands of a dialog."""
DANGER = Style(bgcolor=token("danger"))
"""First line of a protected target, and the bands of its dialog."""
HERE = Style(color=token("accent"))
"""Bar at the row of the cursor, and the border of what has the focus."""

TONES: Mapping[Style, str] = MappingProxyType(
    {GOOD: "ok", WAITING: "warn", WARNING: "alert", BAD: "error", MOVING: "info"}
)
"""Token of the tone that a style of a state has. A style without one is muted."""


@cache
def badge(tone: str) -> Style:
    """Return the style of a badge: text in the tone on its tint."""
    return Style(color=token(tone), bgcolor=token(f"{tone}-tint"), bold=True)


@cache
def tinted(tone: str) -> Style:
    """Return the style of a line or a band on the tint of the tone."""
    return Style(bgcolor=token(f"{tone}-tint"))


@cache
def filled(tone: str) -> Style:
    """Return the style of text on a full fill in the tone."""
    return Style(color=token("background"), bgcolor=token(tone), bold=True)


@cache
def inked(tone: str, *, bold: bool = False) -> Style:
    """Return the style of text in the tone."""
    return Style(color=token(tone), bold=bold or None)


def quiet(style: Style) -> tuple[Style, Style]:
    """Return the styles of the sign and of the word of a state: the word of what is in order is muted."""
    return (style, DIM) if style == GOOD else (style, style)
