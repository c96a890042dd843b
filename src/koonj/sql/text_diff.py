"""Compare two versions of a text line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from koonj.sql.line_diff import line_hunks

CONTEXT = 3
"""Number of equal lines around a difference."""
MAX_COMPARED = 4_000
"""Number of lines that are compared one by one: the work can grow with the square of it."""
_MAX_SHOWN = 1_000
"""Number of lines of each text that are shown if there are too many to compare."""
_STEP = 64 * 1024


@dataclass(frozen=True, slots=True)
class TextDiffLine:
    """One line of the difference: a line of the texts, or a mark for omitted lines."""

    sign: str
    """``-`` in the old text, ``+`` in the new text, a space in both; ``…`` for omitted lines."""
    number: int
    """Line number, 1-based: in the old text for ``-``, else in the new text."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class TextDiff:
    """Difference between two versions of a text."""

    lines: tuple[TextDiffLine, ...]
    notes: tuple[str, ...] = ()
    """Sentences about differences that the lines do not show."""


def diff_texts(old: str, new: str) -> TextDiff:
    """Return the difference between `old` and `new`.

    Takes up to a second, so do not call it in the thread that paints.
    """
    notes = [*_invisible_changes(old, new)]
    old, new = _normalized(old), _normalized(new)
    start, back = _common_ends(old, new)
    if start == len(old) == len(new):
        return TextDiff((), tuple(notes))
    first = old.count("\n", 0, start)
    before, after = _lines(old[start : len(old) - back]), _lines(new[start : len(new) - back])
    if len(before) + len(after) <= MAX_COMPARED:
        return TextDiff(tuple(_hunk_lines(before, after, first + 1)), tuple(notes))
    notes.append(
        f"Too many differences to compare the lines one by one: {len(before)} lines from line {first + 1} "
        f"on were replaced by {len(after)} lines. Some of them can be equal."
    )
    whole = [*_replaced_lines("-", before, first + 1), *_replaced_lines("+", after, first + 1)]
    return TextDiff(tuple(whole), tuple(notes))


def _hunk_lines(before: list[str], after: list[str], first: int) -> Iterator[TextDiffLine]:
    for hunk in line_hunks(before, after, context=CONTEXT):
        yield TextDiffLine("…", first + hunk[0].index, f"line {first + hunk[0].index}")
        yield from (TextDiffLine(line.sign, first + line.index, line.text) for line in hunk)


def _replaced_lines(sign: str, lines: list[str], first: int) -> Iterator[TextDiffLine]:
    yield from (TextDiffLine(sign, first + n, line) for n, line in enumerate(lines[:_MAX_SHOWN]))
    if len(lines) > _MAX_SHOWN:
        yield TextDiffLine("…", first + _MAX_SHOWN, f"{len(lines) - _MAX_SHOWN} more lines")


def _invisible_changes(old: str, new: str) -> Iterator[str]:
    """Yield a sentence for each difference that lines do not show; none if one of the texts has no lines."""
    if not old or not new:
        return
    ends = _line_ends(old), _line_ends(new)
    if ends[0] != ends[1]:
        yield f"The line ends changed from {ends[0]} to {ends[1]}."
    if old.startswith(_BOM) != new.startswith(_BOM):
        yield f"A byte-order mark was {'added' if new.startswith(_BOM) else 'removed'}."
    last = _normalized(old).endswith("\n"), _normalized(new).endswith("\n")
    if last[0] != last[1]:
        yield f"The last line {'now' if last[1] else 'no longer'} ends with a line end."


_BOM = "\ufeff"


def _line_ends(text: str) -> str:
    both = text.count("\r\n")
    counts = {
        "LF": text.count("\n") - both,
        "CR": text.count("\r") - both,
        "CR LF": both,
    }
    return " and ".join(name for name, count in counts.items() if count) or "none"


def _normalized(text: str) -> str:
    text = text.removeprefix(_BOM)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _common_ends(old: str, new: str) -> tuple[int, int]:
    """Return the number of equal characters at the start and at the end.

    Counts whole lines, without the lines of context.
    """
    start = _common_start(old, new, min(len(old), len(new)))
    if start == len(old) == len(new):
        return start, 0
    start = _line_before(old, start)
    back = _common_end(old, new, min(len(old), len(new)) - start)
    return start, len(old) - _line_after(old, len(old) - back)


def _common_start(old: str, new: str, most: int) -> int:
    at = 0
    while at < most and old[at : at + _STEP] == new[at : at + _STEP]:
        at += _STEP
    while at < most and old[at] == new[at]:
        at += 1
    return min(at, most)


def _common_end(old: str, new: str, most: int) -> int:
    count = 0
    while count + _STEP < most and _tail(old, count) == _tail(new, count):
        count += _STEP
    while count < most and old[-1 - count] == new[-1 - count]:
        count += 1
    return min(count, most)


def _tail(text: str, count: int) -> str:
    end = len(text) - count
    return text[end - _STEP : end]


def _line_before(text: str, at: int) -> int:
    """Return the start of the line that is `CONTEXT` lines above."""
    for _ in range(CONTEXT + 1):
        at = text.rfind("\n", 0, at)
        if at < 0:
            return 0
    return at + 1


def _line_after(text: str, at: int) -> int:
    """Return the end of the line that is `CONTEXT` lines below."""
    for _ in range(CONTEXT + 1):
        at = text.find("\n", at + 1)
        if at < 0:
            return len(text)
    return at
