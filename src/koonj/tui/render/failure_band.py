"""A failure as lines of a theme with fills: a band with the error, its place and source, then facts."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len

from koonj.runner.run.failure import Failure
from koonj.runner.run.lock_wait_wording import awaited_words, blocker_lines
from koonj.sql.display import shortened
from koonj.tui.documents.sql_text import SqlText, word_end
from koonj.tui.render.run_lines import Line
from koonj.tui.render.source_cut import around
from koonj.tui.theme import BAD, DIM, PLAIN, STRONG, UNDERLINED
from koonj.tui.theme.fills import HERE, inked, tinted
from koonj.tui.toolkit.strips import Part, cut, wrap

_LABEL = 12
"""Cells of a label."""
_BAR = "▌"


def band(error: str, message: str, width: int) -> Iterator[Line]:
    """Yield the error and its message on a band, with one more line above and below."""
    texts = wrap(shortened(message), width - len(error) - 5)
    yield _on_band([], width)
    for index, text in enumerate(texts):
        lead = error if not index else " " * len(error)
        yield _on_band([(f" {lead}", BAD), (f"  {text}", STRONG)], width)
    yield _on_band([], width)


def _on_band(parts: Line, width: int) -> Line:
    used = 1 + sum(cell_len(text) for text, _ in parts)
    ground = tinted("error")
    whole: Line = [(_BAR, inked("error")), *parts, (" " * max(0, width - used), PLAIN)]
    return [(text, look + ground) for text, look in whole]


def place_lines(failure: Failure, width: int) -> Iterator[Line]:
    """Yield the place, underlined, and the number of the statement."""
    where = ":".join(str(part) for part in (failure.file, failure.line, failure.column) if part is not None)
    which = f"statement {failure.statement} of {failure.of}" if failure.statement else ""
    texts = wrap(where, width - 2) if where else []
    for index, text in enumerate(texts):
        is_last = index == len(texts) - 1
        fits = is_last and cell_len(text) + len(which) + 4 <= width
        yield [(" ", PLAIN), (text, HERE + UNDERLINED), (f"  {which}" if fits else "", DIM)]
        if is_last and which and not fits:
            yield [(f" {which}", DIM)]


def source_lines(failure: Failure, width: int) -> Iterator[Line]:
    """Yield the source line with the word underlined, and a caret below it."""
    number = "" if failure.line is None else str(failure.line)
    margin: Line = [(f" {number} ", DIM), ("│ ", inked("error"))]
    room = width - len(number) - 5
    before, after = around(failure.source_line, (failure.column or 1) - 1, room * 2 // 3)
    shown = SqlText(cut(before + after, room))
    shown.highlight(0, 0)
    start = len(before)
    end = max(start + 1, word_end(before + after, start)) if failure.column is not None else start
    yield [*margin, *_underlined(shown.line(0), start, end)]
    if failure.column is not None:
        blank = " " * (len(number) + 2)
        yield [(blank, PLAIN), ("│ ", inked("error")), (" " * cell_len(before) + "^", BAD)]


def _underlined(parts: list[Part], start: int, end: int) -> Iterator[Part]:
    """Yield the parts with the characters from `start` to `end` in the style of the error."""
    at = 0
    for text, look in parts:
        first, last = (min(max(0, place - at), len(text)) for place in (start, end))
        pieces = ((text[:first], look), (text[first:last], BAD + UNDERLINED), (text[last:], look))
        yield from (piece for piece in pieces if piece[0])
        at += len(text)


def fact(label: str, text: str, width: int) -> Iterator[Line]:
    """Yield a text, wrapped, after its label."""
    space = max(_LABEL, len(label) + 1)
    for index, line in enumerate(wrap(shortened(text), width - space - 2)):
        yield [(f" {label if not index else '':<{space}}", DIM), (line, PLAIN)]


def filled_failure(
    failure: Failure, width: int, *, state: str, committed: str, is_cancel: bool
) -> Iterator[Line]:
    """Yield the whole failure. `state` and `committed` are left out if they are empty.

    `is_cancel`: the user cancelled the run, which its result says; the server's words would say it again.
    """
    if not is_cancel:
        yield from band(f"{failure.severity} {failure.sqlstate or ''}".rstrip(), failure.message, width)
    yield from place_lines(failure, width)
    if failure.source_line:
        yield from source_lines(failure, width)
    for label, text in (("detail", failure.detail), ("hint", failure.hint), ("context", failure.context)):
        if text:
            yield from fact(label, text, width)
    if failure.waited_for is not None:
        waited = (awaited_words(failure.waited_for), *blocker_lines(failure.waited_for))
        yield from fact("waited for", "\n".join(waited), width)
    for label, text in (("committed", committed), ("state", state)):
        if text:
            yield from fact(label, text, width)
    for number, step in enumerate(failure.next_steps):
        yield from fact("advice" if not number else "", step, width)
