"""The difference of two texts as lines of a dialog."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.sql.display import visible
from koonj.sql.text_diff import TextDiff
from koonj.tui.render.run_lines import Line
from koonj.tui.render.unblock_lines import wrapped
from koonj.tui.theme import BAD, DIM, GOOD, PLAIN
from koonj.tui.toolkit.strips import wrap

_STYLES = {"-": BAD, "+": GOOD, " ": PLAIN, "…": DIM}


def diff_lines(change: TextDiff, legend: str, width: int) -> Iterator[Line]:
    """Yield the notes, what the signs mean, and the changed lines, wrapped."""
    for note in change.notes:
        yield from wrapped(note, width, 1)
    if change.lines:
        yield from wrapped(legend, width, 1, DIM)
    for line in change.lines:
        style = _STYLES[line.sign]
        first, *rest = wrap(visible(line.text.expandtabs()), max(1, width - 4)) or [""]
        yield [(f" {line.sign} ", style), (first, style)]
        yield from ([("   ", style), (part, style)] for part in rest)
