"""Looks: the terminal's own colours, and styles with a meaning. No state is told by colour alone."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pygments.token import (  # type: ignore[import-untyped] # ships no types
    Comment,
    Keyword,
    Literal,
    Name,
    Number,
    String,
)
from rich.style import Style
from textual.theme import Theme

from koonj.migrations.glyphs import GLYPHS, State
from koonj.tui.terminal import THEME

KOONJ = Theme(
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
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "border": "ansi_default",
        "border-blurred": "ansi_default",
        "block-cursor-foreground": "ansi_default",
        "block-cursor-background": "ansi_default",
        "block-cursor-text-style": "reverse",
        "input-cursor-background": "ansi_default",
        "input-cursor-foreground": "ansi_default",
        "input-cursor-text-style": "reverse",
        "input-selection-background": "ansi_cyan",
        "input-selection-foreground": "ansi_black",
        "screen-selection-background": "ansi_cyan",
        "screen-selection-foreground": "ansi_black",
    },
)
"""The default theme: 16 colours of the terminal's own palette, light or dark."""

PLAIN = Style.null()
DIM = Style(dim=True)
STRONG = Style(bold=True)
MARKED = Style(reverse=True)
"""The cursor's row, and the title of the pane that has the keys."""
RAISED = Style(reverse=True, bold=True)
GOOD = Style(color="green")
WAITING = Style(color="yellow")
BAD = Style(color="red", bold=True)
WARNING = Style(color="magenta", bold=True)
ACCENT = Style(color="cyan", bold=True)

STATES: Mapping[State | None, Style] = MappingProxyType(
    {
        None: DIM,
        State.APPLIED: GOOD,
        State.ADOPTED: GOOD,
        State.PENDING: WAITING,
        State.COSMETIC: DIM,
        State.ROLLBACK_EDITED: WARNING,
        State.LATE: WARNING,
        State.EDITED: BAD,
        State.MISSING: BAD,
        State.DUPLICATE: BAD,
        State.INTERRUPTED: BAD,
        State.FAILED: BAD,
    }
)


def glyph(state: State | None) -> str:
    """One cell that stands for a state; each has its own, with or without colour."""
    return "?" if state is None else GLYPHS[state]


_TOKENS: Mapping[Any, Style] = MappingProxyType(
    {
        Comment: Style(dim=True),
        Keyword: Style(color="cyan", bold=True),
        Name.Builtin: Style(color="magenta"),
        Name.Variable: Style(color="yellow"),
        String: Style(color="green"),
        Number: Style(color="yellow"),
        Literal: Style(color="green"),
    }
)
"""Pygments' token types -> looks; a type without an entry looks like its nearest parent."""


def token_style(kind: Any) -> Style:
    """How a token of Pygments' PostgreSQL lexer looks."""
    while kind is not None:
        if (style := _TOKENS.get(kind)) is not None:
            return style
        kind = kind.parent
    return PLAIN
