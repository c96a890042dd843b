"""Replace tokens by colours when a line is written."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from rich.color import Color, ColorSystem
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual.color import Color as TextualColor
from textual.filter import LineFilter
from textual.theme import Theme

from koonj.tui.theme.themes import DARK, LIGHT
from koonj.tui.theme.tokens import TOKENS, token_name

_DIM = Style(color="default", dim=True)
_DEFAULT = Style(color="default")

_SIXTEEN: Mapping[str, Style] = MappingProxyType(
    {
        "background": _DEFAULT,
        "text": _DEFAULT,
        "border": _DIM,
        "muted": _DIM,
        "accent": Style(color="cyan"),
        "ok": Style(color="green"),
        "warn": Style(color="yellow"),
        "alert": Style(color="magenta"),
        "error": Style(color="red"),
        "info": Style(color="yellow"),
        "keyword": Style(color="cyan"),
        "type": Style(color="cyan"),
        "string": Style(color="green"),
        "number": Style(color="yellow"),
    }
)
"""Text in 16 colours; without blue and bright black, which are often unreadable."""
_REVERSED = frozenset({"selected", "accent"})
"""Fills that are the terminal's own colours in reverse in 16 colours."""
_FILLED = frozenset({"ok", "warn", "alert", "error", "info"})
"""Fills that are a colour in reverse in 16 colours. All others are no fill there."""


class TokenFilter(LineFilter):
    """Filter that replaces tokens by the colours of a theme, for a terminal with these colours."""

    def __init__(self, theme: Theme, system: ColorSystem) -> None:
        super().__init__()
        own = {DARK.name: "dark", LIGHT.name: "light"}.get(theme.name)
        self._colours = _colours(own, system) if own else None
        self._exact = _exact(own, system) if own else {}
        self._muted = Style(color=self._colours["muted"], dim=False) if self._colours else None
        self._ground = Style(bgcolor=_ground(theme))
        self._text = None if self._colours is None else Color.parse(str(theme.foreground)).triplet
        self._swaps = own == "light" and system is not ColorSystem.TRUECOLOR
        self.resolve = lru_cache(maxsize=4096)(self._resolve)

    def apply(self, segments: list[Segment], background: TextualColor) -> list[Segment]:
        """Return the segments of one line in colours."""
        resolve = self.resolve
        return [s if s.style is None else Segment(s.text, resolve(s.style), s.control) for s in segments]

    def _resolve(self, style: Style) -> Style:
        """Return a style in which no colour is a token."""
        ink, fill = token_name(style.color), token_name(style.bgcolor)
        if self._colours is None:
            if ink:
                style += _SIXTEEN.get(ink, _DEFAULT)
            return style + self._sixteen_fill(fill) if fill else style
        if ink:
            style += Style(color=self._colours[ink])
        if fill == "selected" and self._swaps:
            style += self._ground + Style(reverse=True)
        elif fill:
            style += Style(bgcolor=self._colours[fill])
        if style.dim and (style.color is None or style.color.triplet in {None, self._text}):
            style += self._muted
        return style + self._rounded(style) if self._exact else style

    def _sixteen_fill(self, fill: str) -> Style:
        if fill in _FILLED:
            return self._ground + _SIXTEEN[fill] + Style(reverse=True)
        return self._ground + Style(reverse=True) if fill in _REVERSED else self._ground

    def _rounded(self, style: Style) -> Style:
        """Return the colours of `style` that the terminal would round to one of less contrast."""
        ink, fill = ((colour.triplet if colour else None) for colour in (style.color, style.bgcolor))
        return Style(color=self._exact.get(ink), bgcolor=self._exact.get(fill))


def _colours(own: str, system: ColorSystem) -> Mapping[str, Color]:
    """Return the colour of each token in an own theme."""
    return {name: token_colour(name, own, system) for name in TOKENS}


def token_colour(name: str, own: str, system: ColorSystem) -> Color:
    """Return the colour of a token in the theme `own`, ``dark`` or ``light``."""
    colours = TOKENS[name]
    hexed, number = (colours.dark, colours.dark_256) if own == "dark" else (colours.light, colours.light_256)
    if system is not ColorSystem.TRUECOLOR and number is not None:
        return Color.from_ansi(number)
    return Color.parse(hexed)


def _exact(own: str, system: ColorSystem) -> Mapping[ColorTriplet | None, Color]:
    """Return the colours that a stylesheet gives in true colour, and that must not be rounded."""
    if system is ColorSystem.TRUECOLOR:
        return {}
    found: dict[ColorTriplet | None, Color] = {}
    for name in TOKENS:
        colour = token_colour(name, own, system)
        if colour.triplet is None:
            found[token_colour(name, own, ColorSystem.TRUECOLOR).triplet] = colour
    return found


def _ground(theme: Theme) -> Color:
    """Return the background of a theme."""
    if theme.ansi or theme.background is None:
        return Color.default()
    return Color.parse(TextualColor.parse(theme.background).hex6)
