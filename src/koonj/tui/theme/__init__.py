"""Styles: those with a meaning, those of SQL, and the themes with their colours.

No state is shown by colour alone: each has its glyph and its word. Cursor and focus are bars, not colours.
"""

from koonj.tui.theme.highlight import token_style
from koonj.tui.theme.styles import (
    ACCENT,
    BAD,
    DIM,
    FOUND,
    FOUND_HERE,
    GOOD,
    MARKED,
    MOVING,
    PLAIN,
    RAISED,
    RULE,
    STATES,
    STRONG,
    UNDERLINED,
    WAITING,
    WARNING,
    glyph,
)
from koonj.tui.theme.themes import DARK, LIGHT, TERMINAL, THEMES, choose_theme, next_theme, palette

__all__ = [
    "ACCENT",
    "BAD",
    "DARK",
    "DIM",
    "FOUND",
    "FOUND_HERE",
    "GOOD",
    "LIGHT",
    "MARKED",
    "MOVING",
    "PLAIN",
    "RAISED",
    "RULE",
    "STATES",
    "STRONG",
    "TERMINAL",
    "THEMES",
    "UNDERLINED",
    "WAITING",
    "WARNING",
    "choose_theme",
    "glyph",
    "next_theme",
    "palette",
    "token_style",
]
