"""Replace koonj's glyphs by ASCII, for terminals and fonts that do not have them."""

from __future__ import annotations

from functools import cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from koonj.migrations.states import ASCII_GLYPHS, GLYPHS


@cache
def _table() -> dict[int, str]:
    from koonj.runner.rehearse.verdict import ASCII_VERDICT_GLYPHS, VERDICT_GLYPHS  # noqa: PLC0415 - the first paint does not wait for it

    return str.maketrans(
        {
            **{GLYPHS[state]: ASCII_GLYPHS[state] for state in GLYPHS},
            **{VERDICT_GLYPHS[verdict]: ASCII_VERDICT_GLYPHS[verdict] for verdict in VERDICT_GLYPHS},
            "─": "-",
            "│": "|",
            "┌": "+",
            "┐": "+",
            "└": "+",
            "┘": "+",
            "╭": "+",
            "╮": "+",
            "╰": "+",
            "╯": "+",
            "┬": "+",
            "├": "+",
            "┤": "+",
            "┏": "+",
            "┓": "+",
            "┗": "+",
            "┛": "+",
            "┣": "+",
            "┫": "+",
            "━": "=",
            "┃": "|",
            "╌": "-",
            "╸": "=",
            "▮": "#",
            "▯": "-",
            "▌": ">",
            "▴": "^",
            "▹": "r",
            "►": ">",
            "‹": "<",
            "›": ">",
            "…": "~",
            "·": ".",
            "●": "*",
            "✓": "+",
            "✗": "x",
            "×": "x",
            "≠": "/",
            "“": '"',
            "”": '"',
        }
    )


class AsciiFilter(LineFilter):
    """Filter after which no character above 0x7F is written.

    koonj's glyphs become ASCII glyphs, every other character becomes ``?``.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments of one line in ASCII."""
        return [Segment(to_ascii(text), style, control) for text, style, control in segments]


def to_ascii(text: str) -> str:
    """Return `text` in ASCII, with the same number of cells."""
    if text.isascii():
        return text
    replaced = text.translate(_table())
    return "".join(c if c.isascii() else "?" * cell_len(c) for c in replaced)
