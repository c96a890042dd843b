"""The tabs of the preview, and their names in the title line."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from enum import StrEnum

from rich.style import Style

from koonj.tui.theme import DIM, PLAIN
from koonj.tui.theme.fills import filled
from koonj.tui.theme.tokens import token
from koonj.tui.toolkit.strips import Part

_SHOWN = Style(color=token("accent"), bgcolor=token("selected"), bold=True, underline=True)


class Tab(StrEnum):
    """A tab of the preview."""

    BODY = "Body"
    ROLLBACK = "Rollback"
    STATEMENTS = "Statements"
    CHANGES = "Changes"
    REHEARSAL = "Rehearsal"
    HISTORY = "History"

    @property
    def is_text(self) -> bool:
        """Whether the tab shows text of the file."""
        return self in {Tab.BODY, Tab.ROLLBACK}

    def neighbour(self, step: int) -> Tab:
        """Return the next tab, or the previous one with -1; wrap around at the ends."""
        tabs = list(Tab)
        return tabs[(tabs.index(self) + step) % len(tabs)]


def tab_names(shown: Tab, width: int) -> str:
    """Return the names that fit, the shown one in brackets.

    ``‹`` and ``›`` stand for names that do not fit in `width`.
    """
    tabs = list(Tab)
    first = last = tabs.index(shown)
    while True:
        wider = [(first, last + 1), (first - 1, last)]
        fitting = [
            w for w in wider if w[0] >= 0 and w[1] < len(tabs) and len(_names(tabs, shown, w)) <= width
        ]
        if not fitting:
            return _names(tabs, shown, (first, last))
        first, last = fitting[0]


def _names(tabs: Sequence[Tab], shown: Tab, span: tuple[int, int]) -> str:
    first, last = span
    names = [f"[{tab}]" if tab is shown else str(tab) for tab in tabs[first : last + 1]]
    return " ".join([*(["‹"] if first else []), *names, *(["›"] if last < len(tabs) - 1 else [])])


def number_parts(number: str, *, focused: bool) -> list[Part]:
    """Return the number of the pane, which is its key."""
    return [(f" {number} ", filled("accent") if focused else DIM)]


def tab_parts(shown: Tab, empty: AbstractSet[str], width: int) -> list[Part]:
    """Return the names that fit as in `tab_names`: the shown one as a chip, those of empty tabs muted."""
    parts: list[Part] = []
    for name in tab_names(shown, width).split(" "):
        if name == f"[{shown}]":
            parts.append((f" {shown} ", _SHOWN))
        else:
            parts.append((f" {name}" if parts else name, _look(name, empty)))
    if parts[0][1] is not _SHOWN:
        parts.insert(0, (" ", PLAIN))
    return [*parts, (" ", PLAIN)]


def _look(name: str, empty: AbstractSet[str]) -> Style:
    return DIM if name in empty or name in {"‹", "›"} else PLAIN


def tab_at(title: str, x: int) -> Tab | int | None:
    """Return the tab at column `x` of the title; -1 or 1 for ``‹`` or ``›``."""
    for tab in Tab:
        start = title.find(tab)
        if start >= 0 and start - 1 <= x <= start + len(tab):
            return tab
    return {"‹": -1, "›": 1}.get(title[x : x + 1])
