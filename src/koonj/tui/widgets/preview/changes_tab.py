"""The tab Changes: the file compared with the text that ran."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from koonj.sql.display import shortened
from koonj.sql.text_diff import TextDiff, TextDiffLine
from koonj.tui.documents.sql_text import expand
from koonj.tui.documents.wrapped_rows import broken
from koonj.tui.theme import BAD, DIM, GOOD, PLAIN
from koonj.tui.toolkit.strips import Part, wrap
from koonj.tui.widgets.preview.tab_content import WrappedSheet

_STYLES = {"-": BAD, "+": GOOD, " ": PLAIN, "…": DIM}
_LEGEND = "- the text that ran, + the file now"


class ChangeSheet(WrappedSheet):
    """Sentences about the change, then the diff with signs in the margin. Long lines are wrapped."""

    def __init__(self, meaning: str, change: TextDiff, width: int = 0) -> None:
        """If `width` (cells of the pane) is given, the lines are made now, so that a thread can do it."""
        super().__init__(partial(_all, meaning, change))
        if width:
            self._lines(width)


def _all(meaning: str, change: TextDiff, width: int) -> list[list[Part]]:
    digits = len(str(max((line.number for line in change.lines), default=0)))
    words = (meaning, *change.notes, *((_LEGEND,) if change.lines else ()))
    lines = [_sentence(line) for text in words for line in wrap(text, width - 2)]
    return [*lines, [], *(row for line in change.lines for row in _changed(line, digits, width))]


def _sentence(line: str) -> list[Part]:
    return [(" " + line, DIM if line in _LEGEND else PLAIN)]


def _changed(line: TextDiffLine, digits: int, width: int) -> Iterator[list[Part]]:
    style = _STYLES[line.sign]
    if line.sign == "…":
        yield [(f" {line.text}", style)]
        return
    text = expand(shortened(line.text))
    # Blanks at the end of a changed line are shown as dots: they can be the only change.
    kept = len(text) if line.sign == " " else len(text.rstrip(" "))
    text = text[:kept] + "·" * (len(text) - kept)
    at = 0
    for piece in broken(text, width - digits - 4):
        number = f"{line.number:>{digits}} " if not at else " " * (digits + 1)
        solid = max(0, kept - at)
        yield [(f" {line.sign} ", style), (number, DIM), (piece[:solid], style), (piece[solid:], DIM)]
        at += len(piece)
