"""Themes: the terminal's own colours, a dark one, a light one, and Textual's.

Textual's themes are only for users who ask for one. Panes draw in the names of the 16 colours. A theme other
than the terminal's defines these colours in its palette. Textual replaces each name, and dims what is dim,
when a line is written.

The four colours of states can be distinguished with all three kinds of colour blindness, in 256 colours too.
All text has a contrast of at least 4.5 (WCAG 2.2, 1.4.3). tests/tui/test_tokens.py computes both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from rich.terminal_theme import TerminalTheme
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from koonj.config import ConfigError
from koonj.config.toml_file import did_you_mean
from koonj.tui.theme.tokens import TOKENS
from koonj.tui.toolkit.capabilities import DARK_THEME, THEME, Terminal

_CURSOR = {
    "block-cursor-text-style": "reverse",
    "input-cursor-text-style": "reverse",
}

TERMINAL = Theme(
    name=THEME,
    ansi=True,
    primary="ansi_cyan",
    secondary="ansi_cyan",
    accent="ansi_cyan",
    warning="ansi_yellow",
    error="ansi_red",
    success="ansi_green",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables={
        **_CURSOR,
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "border": "ansi_default",
        "border-blurred": "ansi_default",
        "block-cursor-foreground": "ansi_default",
        "block-cursor-background": "ansi_default",
        "input-cursor-background": "ansi_default",
        "input-cursor-foreground": "ansi_default",
        "input-selection-background": "ansi_cyan",
        "input-selection-foreground": "ansi_black",
        "screen-selection-background": "ansi_cyan",
        "screen-selection-foreground": "ansi_black",
    },
)
"""The 16 colours of the terminal's own palette, light or dark.

The default over ssh and where the terminal does not say that it has true colour.
"""

_SIXTEEN = ("background", "error", "ok", "warn", "info", "alert", "accent", "text")
"""Tokens that stand for black, red, green, yellow, blue, magenta, cyan and white, in this order."""


def _own(name: str, colours: Mapping[str, str], *, dark: bool) -> Theme:
    """Return a theme in the colours of its tokens."""
    text, ground = colours["text"], colours["background"]
    return Theme(
        name=name,
        dark=dark,
        primary=colours["accent"],
        secondary=colours["info"],
        accent=colours["accent"],
        warning=colours["warn"],
        error=colours["error"],
        success=colours["ok"],
        foreground=text,
        background=ground,
        surface=colours["surface"],
        panel=colours["raised"],
        boost=colours["raised"],
        variables={
            **_CURSOR,
            "border": colours["border"],
            "border-blurred": colours["border"],
            "block-cursor-foreground": text,
            "block-cursor-background": ground,
            "input-cursor-foreground": text,
            "input-cursor-background": ground,
            "input-selection-foreground": text,
            "input-selection-background": colours["selected"],
            "screen-selection-foreground": text,
            "screen-selection-background": colours["selected"],
        },
    )


_DARK = {name: colours.dark for name, colours in TOKENS.items()}
_LIGHT = {name: colours.light for name, colours in TOKENS.items()}

DARK = _own(DARK_THEME, _DARK, dark=True)
LIGHT = _own("light", _LIGHT, dark=False)
THEMES = (TERMINAL, DARK, LIGHT)
"""Themes in the order in which the command `theme` switches through them."""


def _palette(colours: Mapping[str, str]) -> TerminalTheme:
    """Return the 16 colours.

    The bright eight are the same, because koonj draws nothing in them.
    """
    rgb = {name: Color.parse(value).rgb for name, value in colours.items()}
    return TerminalTheme(rgb["background"], rgb["text"], [rgb[name] for name in _SIXTEEN])


_PALETTES = MappingProxyType({DARK.name: _palette(_DARK), LIGHT.name: _palette(_LIGHT)})
_OF_TEXTUAL = MappingProxyType(
    {
        "background": "background",
        "text": "foreground",
        "error": "error",
        "ok": "success",
        "warn": "warning",
        "alert": "accent",
        "accent": "primary",
        "info": "secondary",
    }
)


def palette(theme: Theme) -> TerminalTheme | None:
    """Return a theme's 16 colours; None if they are the terminal's own."""
    if theme.ansi:
        return None
    if theme.name in _PALETTES:
        return _PALETTES[theme.name]
    generated = theme.to_color_system().generate()
    colours = {name: Color.parse(generated[role]).hex6 for name, role in _OF_TEXTUAL.items()}
    return _palette(colours)


def choose_theme(terminal: Terminal) -> str:
    """Return the name of the first theme in the user's setting that exists.

    Raises: ConfigError.
    """
    known = [theme.name for theme in THEMES] + sorted(BUILTIN_THEMES)
    names = [name.strip() for name in terminal.theme.split(",")]
    for name in names:
        if name in known:
            return name
    raise ConfigError(f"{terminal.theme_source}: no such theme. {did_you_mean(names[0], known)}")


def next_theme(name: str, themes: Sequence[Theme] = THEMES) -> str:
    """Return the name of the theme after the one called `name`.

    The first one after the last.
    """
    names = [theme.name for theme in themes]
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]
