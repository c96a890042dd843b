"""The difference of two texts as lines of a dialog."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.cells import cell_len

from koonj.sql.display import visible
from koonj.sql.text_diff import TextDiff
from koonj.tui.render.run_lines import Line
from koonj.tui.render.unblock_lines import wrapped
from koonj.tui.theme import BAD, DIM, GOOD, PLAIN
from koonj.tui.theme.fills import tinted
from koonj.tui.toolkit.strips import wrap

_TINTS = {BAD: "error", GOOD: "ok"}
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


def tinted_changes(lines: Iterable[Line], width: int) -> Iterator[Line]:
    """Yield the lines with those of a diff on the tint of what was removed or added, over the whole width."""
    for line in lines:
        ground = _TINTS.get(line[0][1]) if line else None
        if ground is None:
            yield line
            continue
        room = width - sum(cell_len(text) for text, _ in line)
        yield [*((text, look + tinted(ground)) for text, look in line), (" " * max(0, room), tinted(ground))]
