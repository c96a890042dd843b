"""Themes: the terminal's own colours, a dark one, a light one, and Textual's.

Textual's themes are only for users who ask for one. Panes draw in the names of the 16 colours. A theme other
than the terminal's defines these colours in its palette. Textual replaces each name, and dims what is dim,
when a line is written.

The four colours of states can be distinguished with all three kinds of colour blindness, in 256 colours too.
All text has a contrast of at least 4.5 (WCAG 2.2, 1.4.3). tests/tui/test_theme.py computes both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from rich.terminal_theme import TerminalTheme
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from koonj.config import ConfigError
from koonj.config.toml_file import did_you_mean
from koonj.tui.toolkit.capabilities import THEME, Terminal

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
"""Default theme: 16 colours of the terminal's own palette, light or dark."""

_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


def _own(name: str, colours: Mapping[str, str], *, dark: bool) -> Theme:
    """Return a theme with one background, without shades of it."""
    fore, back = colours["foreground"], colours["background"]
    return Theme(
        name=name,
        dark=dark,
        primary=colours["cyan"],
        secondary=colours["blue"],
        accent=colours["cyan"],
        warning=colours["yellow"],
        error=colours["red"],
        success=colours["green"],
        foreground=fore,
        background=back,
        surface=back,
        panel=back,
        boost=back,
        variables={
            **_CURSOR,
            "border": colours["rule"],
            "border-blurred": colours["rule"],
            "block-cursor-foreground": fore,
            "block-cursor-background": back,
            "input-cursor-foreground": fore,
            "input-cursor-background": back,
            "input-selection-foreground": fore,
            "input-selection-background": colours["selection"],
            "screen-selection-foreground": fore,
            "screen-selection-background": colours["selection"],
        },
    )


_DARK = {
    "background": "#161a20",
    "foreground": "#d6dae1",
    "rule": "#7b8290",
    "selection": "#33475c",
    "black": "#161a20",
    "red": "#ee6a5a",
    "green": "#8ce0c0",
    "yellow": "#f2d64b",
    "blue": "#86aef5",
    "magenta": "#c07cff",
    "cyan": "#6cc7e8",
    "white": "#d6dae1",
}
_LIGHT = {
    "background": "#fafaf7",
    "foreground": "#22272e",
    "rule": "#747a85",
    "selection": "#c4dcf2",
    "black": "#22272e",
    "red": "#7c0a06",
    "green": "#1d7a4c",
    "yellow": "#9c5a04",
    "blue": "#1f54b8",
    "magenta": "#832ebe",
    "cyan": "#00627a",
    "white": "#fafaf7",
}

DARK = _own("dark", _DARK, dark=True)
LIGHT = _own("light", _LIGHT, dark=False)
THEMES = (TERMINAL, DARK, LIGHT)
"""Themes in the order in which the command `theme` switches through them."""


def _palette(colours: Mapping[str, str]) -> TerminalTheme:
    """Return the 16 colours.

    The bright eight are the same, because koonj draws nothing in them.
    """
    rgb = {name: Color.parse(value).rgb for name, value in colours.items()}
    return TerminalTheme(rgb["background"], rgb["foreground"], [rgb[name] for name in _NAMES])


_PALETTES = MappingProxyType({DARK.name: _palette(_DARK), LIGHT.name: _palette(_LIGHT)})
_OF_TEXTUAL = MappingProxyType(
    {
        "background": "background",
        "foreground": "foreground",
        "black": "background",
        "white": "foreground",
        "red": "error",
        "green": "success",
        "yellow": "warning",
        "magenta": "accent",
        "cyan": "primary",
        "blue": "secondary",
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
