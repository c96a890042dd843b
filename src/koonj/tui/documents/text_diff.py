"""What was changed in a text, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from koonj.sql.line_diff import line_hunks

CONTEXT = 3
"""Equal lines around a difference."""
COMPARED = 4_000
"""Lines that are compared one by one: the work can grow with the square of their number."""
_SHOWN = 1_000
"""Lines of each text that are shown where they are too many for that."""
_STEP = 64 * 1024


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One line: of both texts, of one only, or where equal lines were left out."""

    sign: str
    """``-`` was, ``+`` is, a blank for both; ``…`` where something is left out, and `text` says what."""
    number: int
    """1-based, in the text that it is of; of both: in the new one."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """From one text to another."""

    lines: tuple[ChangeLine, ...]
    notes: tuple[str, ...] = ()
    """What the lines do not show, in sentences."""


def change(old: str, new: str) -> Change:
    """What was changed from `old` to `new`. Takes up to a second: not for the thread that paints."""
    notes = [*_invisible(old, new)]
    old, new = _plain(old), _plain(new)
    start, back = _ends(old, new)
    if start == len(old) == len(new):
        return Change((), tuple(notes))
    first = old.count("\n", 0, start)
    before, after = _lines(old[start : len(old) - back]), _lines(new[start : len(new) - back])
    if len(before) + len(after) <= COMPARED:
        return Change(tuple(_compared(before, after, first + 1)), tuple(notes))
    notes.append(
        f"Too much is different to compare it line by line: {len(before)} lines from line {first + 1} on "
        f"were replaced by {len(after)}, some of which may be equal."
    )
    whole = [*_whole("-", before, first + 1), *_whole("+", after, first + 1)]
    return Change(tuple(whole), tuple(notes))


def _compared(before: list[str], after: list[str], first: int) -> Iterator[ChangeLine]:
    for hunk in line_hunks(before, after, context=CONTEXT):
        yield ChangeLine("…", first + hunk[0].index, f"line {first + hunk[0].index}")
        yield from (ChangeLine(line.sign, first + line.index, line.text) for line in hunk)


def _whole(sign: str, lines: list[str], first: int) -> Iterator[ChangeLine]:
    yield from (ChangeLine(sign, first + n, line) for n, line in enumerate(lines[:_SHOWN]))
    if len(lines) > _SHOWN:
        yield ChangeLine("…", first + _SHOWN, f"{len(lines) - _SHOWN} more lines")


def _invisible(old: str, new: str) -> Iterator[str]:
    """Differences that lines do not show."""
    ends = _line_ends(old), _line_ends(new)
    if ends[0] != ends[1]:
        yield f"Line ends were {ends[0]}, and are {ends[1]} now."
    if old.startswith(_BOM) != new.startswith(_BOM):
        yield f"A byte-order mark was {'added' if new.startswith(_BOM) else 'removed'}."
    last = _plain(old).endswith("\n"), _plain(new).endswith("\n")
    if last[0] != last[1]:
        yield f"The last line {'ends' if last[1] else 'no longer ends'} with a line end."


_BOM = "\ufeff"


def _line_ends(text: str) -> str:
    both = text.count("\r\n")
    counts = {
        "LF": text.count("\n") - both,
        "CR": text.count("\r") - both,
        "CR LF": both,
    }
    return " and ".join(name for name, count in counts.items() if count) or "none"


def _plain(text: str) -> str:
    text = text.removeprefix(_BOM)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _ends(old: str, new: str) -> tuple[int, int]:
    """How many characters are the same at the start and at the end: whole lines, but for the context."""
    start = _common(old, new, min(len(old), len(new)))
    if start == len(old) == len(new):
        return start, 0
    start = _line_before(old, start)
    back = _common_end(old, new, min(len(old), len(new)) - start)
    return start, len(old) - _line_after(old, len(old) - back)


def _common(old: str, new: str, most: int) -> int:
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
    """The beginning of the line that is `CONTEXT` lines above."""
    for _ in range(CONTEXT + 1):
        at = text.rfind("\n", 0, at)
        if at < 0:
            return 0
    return at + 1


def _line_after(text: str, at: int) -> int:
    """The end of the line that is `CONTEXT` lines below."""
    for _ in range(CONTEXT + 1):
        at = text.find("\n", at + 1)
        if at < 0:
            return len(text)
    return at
