"""A failure as lines: the error, its place and source, then facts.

One order of facts and two looks: `PLAIN_FAILURE`, and `FILLED_FAILURE` for a theme with fills. What the
server says can have hundreds of lines; `TextLimit` is how much of it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from rich.cells import cell_len
from rich.style import Style

from koonj.humanize import count
from koonj.runner.run.failure import Failure
from koonj.runner.run.lock_wait_wording import awaited_words, blocker_lines
from koonj.sql.display import shortened
from koonj.tui.documents.sql_text import SqlText, word_end
from koonj.tui.render.run_lines import Line
from koonj.tui.render.source_cut import around
from koonj.tui.theme import ACCENT, BAD, DIM, PLAIN, STRONG, UNDERLINED
from koonj.tui.theme.fills import HERE, inked, tinted
from koonj.tui.toolkit.strips import Part, cut, wrap

_LABEL = 12
"""Cells of a label."""
_BAR = "▌"
_NOTHING = "No part of"
"""Start of a state that says, too, that no statement is committed."""


@dataclass(frozen=True, slots=True)
class TextLimit:
    """Maximum number of lines of one text; 0: no maximum."""

    message: int = 0
    fact: int = 0
    """Of detail, hint, context, and the committed statements."""


WHOLE = TextLimit()
LIMITS = (
    TextLimit(12, 12),
    TextLimit(8, 8),
    TextLimit(5, 5),
    TextLimit(3, 3),
    TextLimit(3, 2),
    TextLimit(2, 1),
)
"""From much to little: the state of the target and the advice are to be seen below the texts."""
_LIMITED = frozenset({"detail", "hint", "context", "committed"})


class FailureLook(Protocol):
    """How the parts of a failure look."""

    error_first: bool
    """Whether the error stands before its place and source."""

    def error(self, failure: Failure, width: int, most: int) -> Iterator[Line]:
        """Yield severity, code and message; at most `most` lines of the message."""

    def place(self, failure: Failure, width: int) -> Iterator[Line]:
        """Yield file, line and column, and which statement it is."""

    def source(self, failure: Failure, width: int) -> Iterator[Line]:
        """Yield the source line, and a caret below the column."""

    def fact(self, label: str, text: str, width: int, most: int = 0) -> Iterator[Line]:
        """Yield a text, wrapped, after its label; at most `most` lines."""


def failure_lines(
    failure: Failure,
    width: int,
    look: FailureLook,
    said: str = "",
    *,
    is_cancel: bool = False,
    of_a_run: bool = True,
    limit: TextLimit = WHOLE,
) -> Iterator[Line]:
    """Yield place, source, error, committed statements and next steps.

    `said`: the message of the result, which is not said again. `is_cancel`: the result says that the user
    cancelled the run; the server's words would say it again. `of_a_run`: it left something on a target.
    """
    error = [] if is_cancel else list(look.error(failure, width, limit.message))
    where = list(look.place(failure, width))
    if failure.source_line:
        where += look.source(failure, width)
    yield from (*error, *where) if look.error_first else (*where, *error)
    for label, text in _facts(failure, said, of_a_run=of_a_run):
        yield from look.fact(label, text, width, limit.fact if label in _LIMITED else 0)


def _facts(failure: Failure, said: str, *, of_a_run: bool) -> Iterator[tuple[str, str]]:
    yield from ((label, text) for label, text in (("detail", failure.detail), ("hint", failure.hint)) if text)
    if failure.waited_for is not None:
        yield "waited for", "\n".join((awaited_words(failure.waited_for), *blocker_lines(failure.waited_for)))
    if of_a_run and (committed := _committed(failure)):
        yield "committed", committed
    if failure.target_state and failure.target_state not in said:
        yield "state", failure.target_state
    for number, step in enumerate(failure.next_steps):
        yield "advice" if not number else "", step
    if failure.context:
        yield "context", failure.context  # the least that a reader needs, and often the most lines


def _committed(failure: Failure) -> str:
    """Return the committed statements; empty if the state of the target says that there are none."""
    if failure.committed or (failure.name and not failure.target_state.startswith(_NOTHING)):
        return "\n".join(failure.committed) or "no statement of this migration"
    return ""


class _Plain:
    """Labels in the server's capitals, and no backgrounds."""

    error_first = False
    _LABELS: Mapping[str, str] = MappingProxyType(
        {"detail": "DETAIL", "hint": "HINT", "context": "CONTEXT", "advice": "next"}
    )
    _STRONG = frozenset({"waited for", "committed", "state"})

    def error(self, failure: Failure, width: int, most: int) -> Iterator[Line]:
        code = f" {failure.sqlstate}:" if failure.sqlstate else ":"
        yield from _labelled(f"{failure.severity}{code}", failure.message, width, BAD, most)

    def place(self, failure: Failure, width: int) -> Iterator[Line]:
        which = f"statement {failure.statement} of {failure.of}  " if failure.statement else ""
        if place := which + _where(failure):
            yield from ([("   ", PLAIN), (text, STRONG)] for text in wrap(place, width - 4))

    def source(self, failure: Failure, width: int) -> Iterator[Line]:
        room = width - 6
        before, after = around(failure.source_line, (failure.column or 1) - 1, room * 2 // 3)
        yield [("      ", PLAIN), (cut(before + after, room), ACCENT)]
        if failure.column is not None:
            yield [(" " * (6 + cell_len(before)) + "^", BAD)]

    def fact(self, label: str, text: str, width: int, most: int = 0) -> Iterator[Line]:
        look = STRONG if label in self._STRONG else PLAIN
        yield from _labelled(self._LABELS.get(label, label), text, width, look, most)


def _labelled(label: str, text: str, width: int, style: Style, most: int) -> Iterator[Line]:
    space = max(_LABEL, len(label) + 1)
    for number, line in enumerate(limited(text, width - space - 4, most)):
        yield [("   " + (label if not number else "").ljust(space), style), (line, PLAIN)]


def _where(failure: Failure) -> str:
    return ":".join(str(part) for part in (failure.file, failure.line, failure.column) if part is not None)


class _Filled:
    """The error on a band, the place and the word underlined, muted labels."""

    error_first = True

    def error(self, failure: Failure, width: int, most: int) -> Iterator[Line]:
        lead = f"{failure.severity} {failure.sqlstate or ''}".rstrip()
        yield from band(lead, failure.message, width, most, padded=most != LIMITS[-1].message)

    def place(self, failure: Failure, width: int) -> Iterator[Line]:
        where = _where(failure)
        which = f"statement {failure.statement} of {failure.of}" if failure.statement else ""
        texts = wrap(where, width - 2) if where else []
        for index, text in enumerate(texts):
            is_last = index == len(texts) - 1
            fits = is_last and cell_len(text) + len(which) + 4 <= width
            yield [(" ", PLAIN), (text, HERE + UNDERLINED), (f"  {which}" if fits else "", DIM)]
            if is_last and which and not fits:
                yield [(f" {which}", DIM)]

    def source(self, failure: Failure, width: int) -> Iterator[Line]:
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

    def fact(self, label: str, text: str, width: int, most: int = 0) -> Iterator[Line]:
        space = max(_LABEL, len(label) + 1)
        for index, line in enumerate(limited(text, width - space - 2, most)):
            yield [(f" {label if not index else '':<{space}}", DIM), (line, PLAIN)]


PLAIN_FAILURE, FILLED_FAILURE = _Plain(), _Filled()


def limited(text: str, width: int, most: int = 0) -> list[str]:
    """Return the text in lines; with `most`, the last of these says how many more there are."""
    lines = wrap(shortened(text), width)
    if not most or len(lines) <= most:
        return lines
    more = f"… {count(len(lines) - most, 'more line')}"
    last = cut(lines[most - 1], max(1, width - len(more) - 1)).removesuffix("…").rstrip()
    return [*lines[: most - 1], f"{last} {more}"]


def band(error: str, message: str, width: int, most: int = 0, *, padded: bool = True) -> Iterator[Line]:
    """Yield the error and its message on a band; `padded`: with one more line above and below."""
    texts = limited(message, width - len(error) - 5, most)
    if padded:
        yield _onband([], width)
    for index, text in enumerate(texts):
        lead = error if not index else " " * len(error)
        yield _onband([(f" {lead}", BAD), (f"  {text}", STRONG)], width)
    if padded:
        yield _onband([], width)


def _onband(parts: Line, width: int) -> Line:
    used = 1 + sum(cell_len(text) for text, _ in parts)
    ground = tinted("error")
    whole: Line = [(_BAR, inked("error")), *parts, (" " * max(0, width - used), PLAIN)]
    return [(text, look + ground) for text, look in whole]


def _underlined(parts: list[Part], start: int, end: int) -> Iterator[Part]:
    """Yield the parts with the characters from `start` to `end` in the style of the error."""
    at = 0
    for text, look in parts:
        first, last = (min(max(0, place - at), len(text)) for place in (start, end))
        pieces = ((text[:first], look), (text[first:last], BAD + UNDERLINED), (text[last:], look))
        yield from (piece for piece in pieces if piece[0])
        at += len(text)
