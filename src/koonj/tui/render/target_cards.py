"""Targets as cards in a narrow column: name, bar, and the facts of each if there is room for those of all."""

from __future__ import annotations

from collections.abc import Sequence

from koonj.tui.render.target_bar import target_card
from koonj.tui.render.target_facts import card_facts
from koonj.tui.state.snapshot import Check
from koonj.tui.toolkit.strips import Part

CardLine = tuple[int | None, list[Part]]
"""Index of the target of a line, and the line; None for a blank one between two cards."""


def cards(checks: Sequence[Check], chosen: str, width: int, height: int) -> tuple[list[CardLine], bool]:
    """Return the lines of all cards, and whether they have facts.

    Facts are on all cards or on none, so that the cards look alike. The last run and the last comparison go
    first if there is no room.
    """
    heads = [target_card(check, width, is_chosen=check.target.name == chosen) for check in checks]
    for past in (True, False):
        lines: list[CardLine] = []
        for index, (head, check) in enumerate(zip(heads, checks, strict=True)):
            lines += [(None, [])] if index else []
            lines += [(index, line) for line in (*head, *card_facts(check, width, past=past))]
        if len(lines) <= height:
            return lines, True
    return [(index, line) for index, head in enumerate(heads) for line in head], False
