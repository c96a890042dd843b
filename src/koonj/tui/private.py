"""What koonj uses of Textual beyond its public interface; tests/tui/test_private.py holds each."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter
from textual.strip import Strip

from koonj.migrations.state import ASCII_GLYPHS, GLYPHS

_TABLE = str.maketrans(
    {
        **{GLYPHS[state]: ASCII_GLYPHS[state] for state in GLYPHS},
        "─": "-",
        "│": "|",
        "┌": "+",
        "┐": "+",
        "└": "+",
        "┘": "+",
        "►": ">",
        "›": ">",
        "…": "~",
        "·": ".",
        "●": "*",
        "✓": "+",
        "✗": "x",
        "×": "x",
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
    twins = text.translate(_TABLE)
    return "".join(c if c.isascii() else "?" * cell_len(c) for c in twins)


def write_ascii_only(app: App[int]) -> None:
    """From now on `app` writes ASCII. Uses App._filters, the list of filters that each line passes."""
    app._filters.append(AsciiFilter())  # noqa: SLF001 - Textual has no public way (its issue 3086)


def screen_text(app: App[int]) -> list[str]:
    """The lines of the screen as they are shown, without looks. Uses Screen._compositor."""
    strips: list[Strip] = app.screen._compositor.render_strips()  # noqa: SLF001 - the export is an image only
    return [strip.text.rstrip() for strip in strips]
