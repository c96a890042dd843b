"""What a rehearsal found: the verdict, what is wrong with the way back, and what each statement did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from rich.style import Style

from koonj.postgres.catalog.values import Difference
from koonj.postgres.catalog.wording import describe
from koonj.postgres.locks.values import LockMode, StatementTrace
from koonj.runner.amounts import byte_words
from koonj.runner.rehearse.values import Rehearsal, Stumble
from koonj.runner.rehearse.wording import (
    ddl_diff,
    effects,
    locks_by_mode,
    origin,
    stumble_lines,
    stumble_place,
    when,
)
from koonj.tui.paint import Part, shortened, wrap
from koonj.tui.proofs import verdict_mark
from koonj.tui.sql_text import expand
from koonj.tui.theme import ACCENT, BAD, DIM, GOOD, PLAIN, STRONG, WAITING, WARNING
from koonj.tui.widgets.preview.sheet import Line

_STATEMENTS, _DIFFERENCES, _DEFINITION = 400, 200, 80
"""How many are shown: statements of each way, differences, lines of one definition."""
_MARGIN = 7
"""Cells before a statement, for its line in the file."""
_SIGNS = {"-": BAD, "+": GOOD, " ": DIM}
_LEGEND = "- as it was before, + as it is after"


class RehearsalSheet:
    """The verdict first, then what a person has to mend, then statement by statement."""

    def __init__(self, rehearsal: Rehearsal, width: int = 0) -> None:
        """`width`: of the pane; the lines for it are made here, so that this may take place in a thread."""
        self._rehearsal = rehearsal
        self._lines = lru_cache(2)(self._all)
        if width:
            self._lines(width)

    def count(self, width: int) -> int:
        """Some for each thing that it found."""
        return len(self._lines(width))

    def line(self, index: int, width: int) -> Line:
        """One of them."""
        return self._lines(width)[index]

    def widest(self, width: int) -> int:
        """Of the longest line of a definition; all else is wrapped."""
        return max((sum(len(text) for text, _ in (*a, *b)) for a, b in self._lines(width)), default=0)

    def _all(self, width: int) -> list[Line]:
        lines: list[Line] = []
        for part in _parts(self._rehearsal, width):
            lines += [((), []), *part] if lines and part else part
        return lines


def _parts(found: Rehearsal, width: int) -> Iterator[list[Line]]:
    yield list(_verdict(found, width))
    if found.stumble is not None:
        yield list(_stumble(found.stumble, width))
    if found.differences:
        yield list(_differences(found.differences, width))
    if found.losses:
        losses = [f"the migration {loss}" for loss in found.losses]
        yield [_title("Data is gone"), *_marked("-", WAITING, losses, width)]
    if found.findings:
        yield [_title("To know"), *_marked("!", WARNING, found.findings, width)]
    if found.up:
        yield list(_way("Up", found.up, found.up_seconds, width))
    if found.down:
        yield list(_way("Down", found.down, found.down_seconds, width, compact=True))


def _verdict(found: Rehearsal, width: int) -> Iterator[Line]:
    sign, word, look = verdict_mark(found.verdict)
    yield (), [(f" {sign} {word}", look)]
    yield from _wrapped(found.message, width, 3, STRONG)
    yield from _wrapped(f"{origin(found)}, {when(found)}", width, 3, DIM)


def _stumble(stumble: Stumble, width: int) -> Iterator[Line]:
    yield _title("It fails")
    yield from _wrapped(stumble_place(stumble), width, 3, STRONG)
    for number, (label, text) in enumerate(stumble_lines(stumble)):
        look = BAD if not number else DIM
        for index, part in enumerate(wrap(shortened(text), width - 5 - len(label))):
            lead = label if not index else " " * len(label)
            yield (), [(f"   {lead}  ", look), (part, PLAIN)]


def _differences(differences: Sequence[Difference], width: int) -> Iterator[Line]:
    count = len(differences)
    yield _title(f"What differs: {count} object{'' if count == 1 else 's'}")
    yield from _wrapped(_LEGEND, width, 3, DIM)
    for difference in differences[:_DIFFERENCES]:
        yield from _wrapped(describe(difference), width, 3, STRONG)
        yield from definition_lines(difference)
    if count > _DIFFERENCES:
        yield (), [(f"   … and {count - _DIFFERENCES} more", DIM)]


def definition_lines(difference: Difference, indent: int = 5) -> Iterator[Line]:
    """The DDL of both sides, what both have in common once."""
    lines = ddl_diff(difference)
    for sign, text in lines[:_DEFINITION]:
        yield [(f"{' ' * indent}{sign} ", _SIGNS[sign])], [(expand(text), _SIGNS[sign])]
    if len(lines) > _DEFINITION:
        yield (), [(f"{' ' * indent}… {len(lines) - _DEFINITION} more lines", DIM)]


def _way(
    title: str, traces: Sequence[StatementTrace], seconds: float, width: int, *, compact: bool = False
) -> Iterator[Line]:
    count = len(traces)
    statements = f"{count} statement{'' if count == 1 else 's'}"
    yield (), [(f" {title}", ACCENT), (f"  {statements}, {_took(seconds)}", DIM)]
    for trace in traces[:_STATEMENTS]:
        yield from _statement(trace, width, compact=compact)
    if count > _STATEMENTS:
        yield (), [(f"   … and {count - _STATEMENTS} more", DIM)]


def _statement(trace: StatementTrace, width: int, *, compact: bool) -> Iterator[Line]:
    """Its line and what it does; the locks that it took; what it did; what that cost."""
    for index, text in enumerate(wrap(trace.summary, width - _MARGIN - 1)):
        number = str(trace.line) if not index else ""
        yield (), [(f"{number:>{_MARGIN - 2}}  ", DIM), (text, STRONG if not compact else PLAIN)]
    for mode, names in locks_by_mode(trace):
        yield from _lock(mode, names, width)
    for text in effects(trace):
        yield from _wrapped(text, width, _MARGIN + 2, BAD if "INVALID" in text else PLAIN)
    if not compact:
        yield from _wrapped(_cost(trace), width, _MARGIN + 2, DIM)


def _lock(mode: LockMode, names: Sequence[str], width: int) -> Iterator[Line]:
    """The mode stands out where others have to wait for it."""
    look = BAD if mode.stops_reads else WAITING if mode.stops_writes else DIM
    texts = wrap(f"{mode.value} {', '.join(names)}", width - _MARGIN - 3)
    for index, text in enumerate(texts):
        cut = len(mode.value) if not index else 0
        yield (), [(" " * (_MARGIN + 2), PLAIN), (text[:cut], look), (text[cut:], PLAIN)]


def _cost(trace: StatementTrace) -> str:
    wal = f", {byte_words(trace.wal_bytes)} of WAL" if trace.wal_bytes else ""
    alone = "" if trace.in_transaction else ", outside a transaction"
    return f"{_took(trace.seconds)}{wal}{alone}"


def _took(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _title(text: str) -> Line:
    return (), [(f" {text}", ACCENT)]


def _marked(sign: str, look: Style, texts: Sequence[str], width: int) -> Iterator[Line]:
    for text in texts:
        for index, line in enumerate(wrap(text, width - 6)):
            lead: Part = (f"   {sign} ", look) if not index else ("     ", PLAIN)
            yield (), [lead, (line, PLAIN)]


def _wrapped(text: str, width: int, indent: int, look: Style = PLAIN) -> Iterator[Line]:
    return (((), [(" " * indent + line, look)]) for line in wrap(text, width - indent - 1))
