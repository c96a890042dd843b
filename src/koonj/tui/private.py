"""What koonj uses of Textual beyond its public interface; tests/tui/test_private.py holds each."""

from __future__ import annotations

from sys import exc_info
from traceback import format_exception
from typing import cast

from rich.cells import cell_len
from rich.segment import Segment
from rich.text import Text
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter
from textual.strip import Strip

from koonj.migrations.glyphs import ASCII_GLYPHS, GLYPHS
from koonj.sql.display import visible

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


class CrashReport:
    """Mixed into an App: a defect ends it with a report that holds no values, so that no secret is in it.

    Overrides App._fatal_error, which prints every local variable.
    """

    def _fatal_error(self) -> None:
        report = visible("".join(format_exception(*exc_info())), keep="\n")
        cast("App[None]", self).panic(Text(f"koonj has a defect and had to stop.\n\n{report}"))


def write_ascii_only(app: App[None]) -> None:
    """From now on `app` writes ASCII. Uses App._filters, the list of filters that each line passes."""
    app._filters.append(AsciiFilter())  # noqa: SLF001 - Textual has no public way (its issue 3086)


def screen_text(app: App[None]) -> list[str]:
    """The lines of the screen as they are shown, without looks. Uses Screen._compositor."""
    strips: list[Strip] = app.screen._compositor.render_strips()  # noqa: SLF001 - the export is an image only
    return [strip.text.rstrip() for strip in strips]
