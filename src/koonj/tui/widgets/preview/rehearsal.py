"""What a rehearsal found: the verdict, what is wrong with the way back, and what each statement did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from rich.style import Style

from koonj.humanize import byte_words, count, short_duration, to_the_minute
from koonj.postgres.catalog.catalog import Difference
from koonj.postgres.catalog.difference_wording import describe
from koonj.postgres.locks.trace import LockMode, StatementTrace
from koonj.runner.rehearse.rehearsal_wording import (
    effects,
    failure_file,
    failure_lines,
    failure_phase,
    held_words,
    locks_by_mode,
    rehearsal_origin,
)
from koonj.runner.rehearse.verdict import Rehearsal, RehearsalFailure
from koonj.sql.display import shortened
from koonj.tui.render.drift_lines import definition_lines, grouped
from koonj.tui.state.rehearsals import verdict_mark
from koonj.tui.theme import ACCENT, BAD, DIM, PLAIN, STRONG, WAITING, WARNING
from koonj.tui.theme.verdicts import VERDICTS
from koonj.tui.toolkit.strips import Part, wrap
from koonj.tui.widgets.preview.tab_content import WrappedSheet
from koonj.tui.workers.child_events import MAX_ITEMS

_MARGIN = 7
"""Cells before a statement, for its line in the file."""
_LEGEND = "- as it was before, + as it is after"

Parts = list[Part]
"""A line."""


class RehearsalSheet(WrappedSheet):
    """The verdict first, then what a person has to mend, then statement by statement."""

    def __init__(self, rehearsal: Rehearsal, notes: Sequence[str] = (), width: int = 0) -> None:
        """`notes`: what else there is to know of where it took place.

        `width`: of the pane; the lines for it are made here, so that this may take place in a thread.
        """
        super().__init__(partial(_all, rehearsal, notes))
        if width:
            self._lines(width)


def _all(rehearsal: Rehearsal, notes: Sequence[str], width: int) -> list[Parts]:
    lines: list[Parts] = []
    for part in _parts(rehearsal, notes, width):
        lines += [[], *part] if lines else part
    return lines


def _parts(found: Rehearsal, notes: Sequence[str], width: int) -> Iterator[list[Parts]]:
    yield [*_verdict(found, width), *_marked("!", WARNING, notes, width)]
    if found.failure is not None:
        yield list(_failure(found.failure, width))
    if found.differences:
        yield list(_differences(found.differences, width))
    if found.losses:
        losses = [f"the migration {loss}" for loss in found.losses]
        yield [_title("Data is gone"), *_marked("-", WAITING, losses, width)]
    if found.findings:
        yield [_title("To know"), *_marked("!", WARNING, found.findings, width)]
    if found.apply:
        yield list(_way("Up", found.apply, found.apply_seconds, width))
    if found.rollback:
        yield list(_way("Down", found.rollback, found.rollback_seconds, width, compact=True))


def _verdict(found: Rehearsal, width: int) -> Iterator[Parts]:
    sign, word, _ = verdict_mark(found.verdict)
    yield [(f" {sign} {word}", VERDICTS[found.verdict])]
    yield from _wrapped(found.message, width, 3, STRONG)
    yield from _wrapped(f"{rehearsal_origin(found)}, {to_the_minute(found.at)}", width, 3, DIM)


def _failure(failure: RehearsalFailure, width: int) -> Iterator[Parts]:
    yield _title("It fails")
    yield from _wrapped(failure_phase(failure), width, 3, STRONG)
    yield from _wrapped(failure_file(failure), width, 3, STRONG)
    for number, (label, text) in enumerate(failure_lines(failure)):
        look = BAD if not number else DIM
        for index, part in enumerate(wrap(shortened(text), width - 5 - len(label))):
            lead = label if not index else " " * len(label)
            yield [(f"   {lead}  ", look), (part, PLAIN)]


def _differences(differences: Sequence[Difference], width: int) -> Iterator[Parts]:
    found = grouped(differences)
    yield _title(f"What differs: {_counted(found, 'object')}")
    yield from _wrapped(_LEGEND, width, 3, DIM)
    for differing in found:
        yield from _wrapped(describe(differing.whole), width, 3, STRONG)
        yield from definition_lines(differing, width, 5)


def _way(
    title: str, traces: Sequence[StatementTrace], seconds: float, width: int, *, compact: bool = False
) -> Iterator[Parts]:
    yield [(f" {title}", ACCENT), (f"  {short_duration(seconds)}; {_counted(traces, 'statement')}", DIM)]
    for trace in traces:
        yield from _statement(trace, width, compact=compact)


def _counted(found: Sequence[object], what: str) -> str:
    """How many there are, as far as that is known here."""
    first = "the first " if len(found) >= MAX_ITEMS else ""
    return f"{first}{count(min(len(found), MAX_ITEMS), what)}"


def _statement(trace: StatementTrace, width: int, *, compact: bool) -> Iterator[Parts]:
    """Its line and what it does; the locks that it took; what it did; what that cost."""
    for index, text in enumerate(wrap(trace.summary, width - _MARGIN - 1)):
        number = str(trace.line) if not index else ""
        yield [(f"{number:>{_MARGIN - 2}}  ", DIM), (text, STRONG if not compact else PLAIN)]
    for mode, names in locks_by_mode(trace):
        yield from _lock(mode, names, width)
    for text in held_words(trace):
        yield from _wrapped(text, width, _MARGIN + 2, DIM)
    for text in effects(trace):
        yield from _wrapped(text, width, _MARGIN + 2, BAD if "INVALID" in text else PLAIN)
    if not compact:
        yield from _wrapped(_cost(trace), width, _MARGIN + 2, DIM)


def _lock(mode: LockMode, names: Sequence[str], width: int) -> Iterator[Parts]:
    """The mode stands out where others have to wait for it."""
    look = BAD if mode.stops_reads else WAITING if mode.stops_writes else DIM
    texts = wrap(f"{mode.value} {', '.join(names)}", width - _MARGIN - 3)
    for index, text in enumerate(texts):
        cut = len(mode.value) if not index else 0
        yield [(" " * (_MARGIN + 2), PLAIN), (text[:cut], look), (text[cut:], PLAIN)]


def _cost(trace: StatementTrace) -> str:
    wal = f", {byte_words(trace.wal_bytes)} of WAL" if trace.wal_bytes else ""
    alone = "" if trace.in_transaction else ", outside a transaction"
    return f"{short_duration(trace.seconds)}{wal}{alone}"


def _title(text: str) -> Parts:
    return [(f" {text}", ACCENT)]


def _marked(sign: str, look: Style, texts: Sequence[str], width: int) -> Iterator[Parts]:
    for text in texts:
        for index, line in enumerate(wrap(text, width - 6)):
            lead: Part = (f"   {sign} ", look) if not index else ("     ", PLAIN)
            yield [lead, (line, PLAIN)]


def _wrapped(text: str, width: int, indent: int, look: Style = PLAIN) -> Iterator[Parts]:
    return ([(" " * indent + line, look)] for line in wrap(text, width - indent - 1))
