"""All targets in one line, in the room that it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from koonj.tui.state.snapshot import Check
from koonj.tui.theme import DIM, PLAIN
from koonj.tui.toolkit.strips import Part

GUARD = "▴"
"""Sign of a protected target."""
_GAP: Part = ("   ", PLAIN)
Item = tuple[list[Part], list[Part]]
"""Name with its marks, and how the target is."""


def by_weight(checks: Sequence[Check], chosen: str) -> list[int]:
    """Return the targets by their weight: the chosen one, those that are protected, the others."""

    def weight(index: int) -> tuple[bool, bool]:
        return checks[index].target.name != chosen, not checks[index].target.protected

    return sorted(range(len(checks)), key=weight)


def fitting(items: Sequence[Item], order: Sequence[int], width: int) -> list[Part]:
    """Return the items in a line of `width` cells. Those that do not fit are counted: ``+2``.

    `order`: the items by weight. What goes first is how a target is, then the target, the last of the order
    first; the first one of the order always stays.
    """
    for wanted in _choices(order):
        line = _line(items, wanted)
        if sum(cell_len(text) for text, _ in line) <= width:
            break
    return line


def _choices(order: Sequence[int]) -> Iterator[dict[int, bool]]:
    """Yield which items are shown, and whether each is complete: first all of them."""
    for number in range(len(order), -1, -1):
        yield {item: place < number for place, item in enumerate(order)}
    for number in range(len(order) - 1, 0, -1):
        yield dict.fromkeys(order[:number], False)


def _line(items: Sequence[Item], shown: dict[int, bool]) -> list[Part]:
    line: list[Part] = []
    for index in sorted(shown):
        name, state = items[index]
        line += [*([_GAP] if line else []), *name, *(state if shown[index] else [])]
    left = len(items) - len(shown)
    return [*line, _GAP, (f"+{left}", DIM)] if left else line
