"""The tabs' names in the title line: all of them, or as many around the shown one as there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class Tab(StrEnum):
    """What is shown of a migration."""

    BODY = "Body"
    ROLLBACK = "Rollback"
    STATEMENTS = "Statements"
    CHANGES = "Changes"
    REHEARSAL = "Rehearsal"
    HISTORY = "History"

    @property
    def is_text(self) -> bool:
        """Is it a text of the file?"""
        return self in {Tab.BODY, Tab.ROLLBACK}

    def beside(self, step: int) -> Tab:
        """The next one, or the one before with -1; after the last comes the first."""
        tabs = list(Tab)
        return tabs[(tabs.index(self) + step) % len(tabs)]


def tab_names(shown: Tab, width: int) -> str:
    """The names, the shown one in brackets; ``‹`` and ``›`` stand for those that do not fit in `width`."""
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


def tab_at(title: str, x: int) -> Tab | int | None:
    """The tab whose name stands at column `x` of the title; a step for a ``‹`` or ``›``."""
    for tab in Tab:
        at = title.find(tab)
        if at >= 0 and at - 1 <= x <= at + len(tab):
            return tab
    return {"‹": -1, "›": 1}.get(title[x : x + 1])
