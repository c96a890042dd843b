"""koonj's signs in ASCII, for terminals and fonts that have no others."""

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
            "►": ">",
            "‹": "<",
            "›": ">",
            "…": "~",
            "·": ".",
            "●": "*",
            "✓": "+",
            "✗": "x",
            "×": "x",
            "“": '"',
            "”": '"',
        }
    )


class AsciiFilter(LineFilter):
    """Nothing above 0x7F is written: our glyphs have twins, every other character becomes a ``?``."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """One line."""
        return [Segment(to_ascii(text), style, control) for text, style, control in segments]


def to_ascii(text: str) -> str:
    """`text` in ASCII, in as many cells."""
    if text.isascii():
        return text
    twins = text.translate(_table())
    return "".join(c if c.isascii() else "?" * cell_len(c) for c in twins)
