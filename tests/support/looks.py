"""Read the looks of a screen: which token each cell has as its text and as its background."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import MappingProxyType

from rich.cells import cell_len
from rich.color import Color
from rich.style import Style

from koonj.tui.app import Koonj
from koonj.tui.theme.tokens import TOKENS

Cell = tuple[str, Style]
OTHER = "?"
_DURATION = re.compile(r" *\b\d+\.\d+ m?s\b *")
"""A text whose width differs between runs."""
_INKS = MappingProxyType(
    {
        "text": "t",
        "muted": "m",
        "border": "b",
        "accent": "a",
        "ok": "o",
        "warn": "w",
        "alert": "l",
        "error": "e",
        "info": "i",
        "keyword": "i",
        "string": "s",
        "number": "n",
        "type": "y",
        "background": "0",
    }
)
_FILLS = MappingProxyType(
    {
        "background": ".",
        "surface": "s",
        "raised": "r",
        "selected": "c",
        "danger": "d",
        "accent": "a",
        "ok": "o",
        "warn": "w",
        "alert": "l",
        "error": "e",
        "info": "i",
        "ok-tint": "1",
        "warn-tint": "2",
        "alert-tint": "3",
        "error-tint": "4",
        "info-tint": "5",
    }
)


def cells(app: Koonj) -> list[list[Cell]]:
    """Return the cells of the screen with their styles, after all filters."""
    strips = app.screen._compositor.render_strips()
    rows: list[list[Cell]] = []
    for strip in strips:
        row: list[Cell] = []
        for text, style, _ in strip:
            for character in text:
                row += [(character, style or Style.null())] + [("", Style.null())] * (cell_len(character) - 1)
        rows.append(row)
    return rows


def look_of(app: Koonj, text: str, line: int | None = None) -> tuple[str, str, bool]:
    """Return ink token, fill token and boldness of the first cell of `text`, on a line or anywhere."""
    own = _names(app)
    for row in cells(app) if line is None else [cells(app)[line]]:
        shown = "".join(character or "\0" for character, _ in row)
        if (start := shown.find(text)) >= 0:
            style = row[start][1]
            return own.get(_hex(style.color), OTHER), own.get(_hex(style.bgcolor), OTHER), bool(style.bold)
    raise AssertionError(f"{text!r} is not on the screen")


def look_grid(app: Koonj) -> list[str]:
    """Return two characters groups per line: the ink of each cell (upper case: bold) and its fill."""
    own = _names(app)
    lines = []
    for row in cells(app):
        ink = "".join(_ink(character, style, own) for character, style in row)
        for found in _DURATION.finditer("".join(character or "\0" for character, _ in row)):
            ink = ink[: found.start()] + " " * len(found[0]) + ink[found.end() :]
        fill = "".join(_FILLS.get(own.get(_hex(style.bgcolor), ""), OTHER) for _, style in row)
        lines.append(f"{ink.rstrip()}\n{fill}")
    return lines


def _ink(character: str, style: Style, own: dict[str, str]) -> str:
    if not character.strip():
        return " "
    sign = _INKS.get(own.get(_hex(style.color), ""), OTHER)
    return sign.upper() if style.bold else sign


def _names(app: Koonj) -> dict[str, str]:
    """Return the token of each colour. Of two tokens with one colour the first one is named."""
    dark = app.theme == "dark"
    found: dict[str, str] = {}
    for name, colours in TOKENS.items():
        found.setdefault(Color.parse(colours.dark if dark else colours.light).name.lower(), name)
    return found


def _hex(colour: Color | None) -> str:
    return "" if colour is None or colour.triplet is None else colour.triplet.hex.lower()


def plain(lines: Sequence[str]) -> str:
    """Return lines as the text of a golden file."""
    return "".join(f"{line}\n" for line in lines)
