"""Look of a cell, and the shortest SGR sequence from one look to another.

The codes are those of ECMA-48 8.3.117 (SGR), as xterm, tmux, GNU screen and the Linux console read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

RESET = "\x1b[m"
_OFF = {
    "1": "22",
    "2": "22",
    "3": "23",
    "4": "24",
    "5": "25",
    "6": "25",
    "7": "27",
    "8": "28",
    "9": "29",
    "21": "24",
    "51": "54",
    "52": "54",
    "53": "55",
}
"""Code that sets an attribute -> code that resets it, and all others with the same value."""
_SEEN_ON_BLANK = frozenset(_OFF) - {"1", "2", "3", "8"}
"""Attributes that are visible on a space, besides its background."""


@dataclass(frozen=True, slots=True)
class CellLook:
    """Look of a cell: what a terminal must know besides the character."""

    attributes: frozenset[str] = frozenset()
    """SGR codes: ``1`` bold, ``7`` reverse, …"""
    foreground: str = ""
    """SGR code of the foreground, ``31`` or ``38;5;208``; empty for the terminal's own."""
    background: str = ""
    """SGR code of the background; empty for the terminal's own."""
    link: str = ""
    """Parameters and address of a hyperlink (OSC 8); empty if there is none."""


PLAIN = CellLook()


@lru_cache(maxsize=4096)
def look_from(sgr: str, link: str = "") -> CellLook:
    """Return the look that the codes of `sgr` produce after a reset.

    The codes are separated by semicolons.
    """
    codes = sgr.split(";") if sgr else []
    marks: set[str] = set()
    ink = ground = ""
    while codes:
        code = codes.pop(0)
        if code in {"38", "48"}:
            more = 2 if codes[0] == "5" else 4
            code, codes = ";".join([code, *codes[:more]]), codes[more:]
        if code in _OFF:
            marks.add(code)
        elif code[0] == "3" or (code[0] == "9" and len(code) == 2):
            ink = "" if code == "39" else code
        else:
            ground = "" if code == "49" else code
    return CellLook(frozenset(marks), ink, ground, link)


@lru_cache(maxsize=4096)
def look_on_blank(look: CellLook) -> CellLook:
    """Return the part of `look` that is visible on a space."""
    return look if look.attributes & _SEEN_ON_BLANK else CellLook(background=look.background, link=look.link)


@lru_cache(maxsize=4096)
def transition(before: CellLook, after: CellLook) -> str:
    """Return the shortest sequence that changes the terminal from one look to another."""
    if before == after:
        return ""
    link = "" if before.link == after.link else f"\x1b]8;{after.link or ';'}\x1b\\"
    if before.attributes == after.attributes and (before.foreground, before.background) == (
        after.foreground,
        after.background,
    ):
        return link
    after_reset = _set(PLAIN, after)
    steps = _sgr([*_unset(before, after), *_set(_left(before, after), after)])
    return min(steps, _sgr(["0", *after_reset]) if after_reset else RESET, key=len) + link


def _sgr(codes: list[str]) -> str:
    return f"\x1b[{';'.join(codes)}m"


def _unset(before: CellLook, after: CellLook) -> list[str]:
    codes = sorted({_OFF[mark] for mark in before.attributes - after.attributes})
    if before.foreground and not after.foreground:
        codes.append("39")
    if before.background and not after.background:
        codes.append("49")
    return codes


def _left(before: CellLook, after: CellLook) -> CellLook:
    """Return the rest of `before` after the codes of `_unset`.

    The code that resets bold also resets dim.
    """
    gone = {_OFF[mark] for mark in before.attributes - after.attributes}
    return CellLook(
        frozenset(m for m in before.attributes if _OFF[m] not in gone), before.foreground, before.background
    )


def _set(before: CellLook, after: CellLook) -> list[str]:
    codes = sorted(after.attributes - before.attributes, key=int)
    if after.foreground and after.foreground != before.foreground:
        codes.append(after.foreground)
    if after.background and after.background != before.background:
        codes.append(after.background)
    return codes
