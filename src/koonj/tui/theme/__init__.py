"""Looks: styles with a meaning, the colours of SQL, and the themes that say which colours these are.

No state is told by colour alone: each has its glyph and its word; cursor and focus are bars, not colours.
"""

from koonj.tui.theme.highlight import token_style
from koonj.tui.theme.styles import (
    ACCENT,
    BAD,
    DIM,
    GOOD,
    MARKED,
    PLAIN,
    RAISED,
    STATES,
    STRONG,
    WAITING,
    WARNING,
    glyph,
)
from koonj.tui.theme.themes import DARK, LIGHT, TERMINAL, THEMES, after, choose, palette

__all__ = [
    "ACCENT",
    "BAD",
    "DARK",
    "DIM",
    "GOOD",
    "LIGHT",
    "MARKED",
    "PLAIN",
    "RAISED",
    "STATES",
    "STRONG",
    "TERMINAL",
    "THEMES",
    "WAITING",
    "WARNING",
    "after",
    "choose",
    "glyph",
    "palette",
    "token_style",
]
