"""How a cell looks, and the shortest SGR sequence from one look to another.

Codes are those of ECMA-48 8.3.117 (SGR), as xterm, tmux, GNU screen and the Linux console read them.
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
"""What sets an attribute -> what unsets it, and with it every other of the same value."""
_SEEN_ON_BLANK = frozenset(_OFF) - {"1", "2", "3", "8"}
"""Attributes that make a space look like more than its background."""


@dataclass(frozen=True, slots=True)
class CellLook:
    """What a terminal needs to be told of a cell beside its character."""

    marks: frozenset[str] = frozenset()
    """SGR codes: ``1`` bold, ``7`` reverse, …"""
    ink: str = ""
    """SGR code of the foreground, ``31`` or ``38;5;208``; empty for the terminal's own."""
    ground: str = ""
    """The same of the background."""
    link: str = ""
    """Parameters and address of a hyperlink (OSC 8); empty for none."""


PLAIN = CellLook()


@lru_cache(maxsize=4096)
def look_from(sgr: str, link: str = "") -> CellLook:
    """The look that the codes of `sgr`, separated by semicolons, give to a fresh pen."""
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
def on_blank(look: CellLook) -> CellLook:
    """What of `look` is seen on a space: two spaces of which this is equal look alike."""
    return look if look.marks & _SEEN_ON_BLANK else CellLook(ground=look.ground, link=look.link)


@lru_cache(maxsize=4096)
def turn(before: CellLook, after: CellLook) -> str:
    """The shortest sequence that turns the pen from one look to another."""
    if before == after:
        return ""
    link = "" if before.link == after.link else f"\x1b]8;{after.link or ';'}\x1b\\"
    if before.marks == after.marks and (before.ink, before.ground) == (after.ink, after.ground):
        return link
    anew = _set(PLAIN, after)
    steps = _sgr([*_unset(before, after), *_set(_left(before, after), after)])
    return min(steps, _sgr(["0", *anew]) if anew else RESET, key=len) + link


def _sgr(codes: list[str]) -> str:
    return f"\x1b[{';'.join(codes)}m"


def _unset(before: CellLook, after: CellLook) -> list[str]:
    codes = sorted({_OFF[mark] for mark in before.marks - after.marks})
    if before.ink and not after.ink:
        codes.append("39")
    if before.ground and not after.ground:
        codes.append("49")
    return codes


def _left(before: CellLook, after: CellLook) -> CellLook:
    """What is left of `before` once `_unset` was sent: unsetting bold unsets dim too."""
    gone = {_OFF[mark] for mark in before.marks - after.marks}
    return CellLook(frozenset(m for m in before.marks if _OFF[m] not in gone), before.ink, before.ground)


def _set(before: CellLook, after: CellLook) -> list[str]:
    codes = sorted(after.marks - before.marks, key=int)
    if after.ink and after.ink != before.ink:
        codes.append(after.ink)
    if after.ground and after.ground != before.ground:
        codes.append(after.ground)
    return codes
