"""The tab Rehearsal: the verdict, its reasons, and the effects of each statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from rich.style import Style

from koonj.humanize import byte_words, count, duration, to_the_second
from koonj.postgres.catalog.catalog import Difference
from koonj.postgres.catalog.difference_wording import describe
from koonj.postgres.locks.trace import LockMode, StatementTrace
from koonj.runner.preflight.wording import asked_at
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
from koonj.runner.run.direction import Direction
from koonj.runner.run.failure import Failure
from koonj.sql.display import shortened
from koonj.tui.render.diff_lines import tinted_changes
from koonj.tui.render.drift_lines import definition_lines, group_differences
from koonj.tui.render.failure_lines import FILLED_FAILURE, band
from koonj.tui.render.failure_lines import failure_lines as lines_of_a_run
from koonj.tui.render.lock_meter import meter
from koonj.tui.render.row_check_lines import row_check_lines
from koonj.tui.state.rehearsals import FAILING, verdict_mark
from koonj.tui.state.target_rows import TargetRows
from koonj.tui.theme import ACCENT, BAD, DIM, PLAIN, STRONG, WAITING, WARNING
from koonj.tui.theme.verdicts import VERDICTS
from koonj.tui.toolkit.strips import Part, wrap
from koonj.tui.widgets.preview.tab_content import WrappedSheet
from koonj.tui.workers.child_events import MAX_ITEMS

_MARGIN = 7
"""Cells before a statement, for its line number."""
_LEGEND = "- before, + after"

Parts = list[Part]
"""The styled parts of a line."""


class RehearsalSheet(WrappedSheet):
    """The verdict, then the failure and the differences to fix, then the statements."""

    def __init__(
        self,
        rehearsal: Rehearsal,
        notes: Sequence[str] = (),
        width: int = 0,
        *,
        source: str = "",
        rows: TargetRows | None = None,
        exactly: str = "",
        fills: bool = False,
    ) -> None:
        """`notes` are remarks about the scratch database. `source`: the line of the file that failed.

        `rows`: what the target answered about its rows; None if there is nothing to ask. `exactly`: what
        gives an exact answer. `fills`: whether the theme has bands. If `width` (cells of the pane) is given,
        the lines are made now, so that a thread can do it.
        """
        super().__init__(partial(_all, rehearsal, notes, source, rows, exactly, fills))
        if width:
            self._lines(width)


def _all(
    rehearsal: Rehearsal,
    notes: Sequence[str],
    source: str,
    rows: TargetRows | None,
    exactly: str,
    fills: bool,  # noqa: FBT001 - partial
    width: int,
) -> list[Parts]:
    lines: list[Parts] = []
    for part in _parts(rehearsal, notes, source, width, list(_rows(rows, exactly, width)), fills=fills):
        lines += [[], *part] if lines else part
    return lines


def _parts(
    found: Rehearsal, notes: Sequence[str], source: str, width: int, rows: list[Parts], *, fills: bool
) -> Iterator[list[Parts]]:
    yield [*_verdict(found, width, fills=fills), *_marked("!", WARNING, notes, width)]
    if rows:
        yield rows
    if found.failure is not None:
        yield list(_failure(found.failure, source, width, fills=fills))
    if found.differences:
        lines = _differences(found.differences, width)
        yield list(tinted_changes(lines, width) if fills else lines)
    if found.losses:
        losses = [f"the migration {loss}" for loss in found.losses]
        yield [_title("Lost data"), *_marked("-", WAITING, losses, width)]
    if found.findings:
        yield [_title("Notes"), *_marked("!", WARNING, found.findings, width)]
    if found.apply:
        yield list(_statements("Apply", found.apply, found.apply_seconds, width))
    if found.rollback:
        yield list(_statements("Rollback", found.rollback, found.rollback_seconds, width, compact=True))


def _verdict(found: Rehearsal, width: int, *, fills: bool) -> Iterator[Parts]:
    sign, word, _ = verdict_mark(found.verdict)
    if fills and found.verdict in FAILING and found.failure is None:
        yield from band(f"{sign} {word}", found.message, width)
    else:
        yield [(f" {sign} {word}", VERDICTS[found.verdict])]
        yield from _wrapped(found.message, width, 3, STRONG)
    yield from _wrapped(f"{rehearsal_origin(found)}, {to_the_second(found.at)}", width, 3, DIM)


def _rows(rows: TargetRows | None, exactly: str, width: int) -> Iterator[Parts]:
    """Yield what the target answered about its rows, and when."""
    if rows is None or not (rows.checks or rows.note):
        return
    yield [(f" Rows of {rows.target}", ACCENT)]
    yield from row_check_lines(rows.checks, width, exactly)
    yield from _wrapped(rows.note or asked_at(rows.checks), width, 3, DIM)


def _failure(failure: RehearsalFailure, source: str, width: int, *, fills: bool) -> Iterator[Parts]:
    yield _title("Failure")
    yield from _wrapped(failure_phase(failure), width, 3, STRONG)
    if fills:
        shown = _as_of_a_run(failure, source)
        yield from lines_of_a_run(shown, width, FILLED_FAILURE, of_a_run=False)
        return
    yield from _wrapped(failure_file(failure), width, 3, STRONG)
    for number, (label, text) in enumerate(failure_lines(failure)):
        look = BAD if not number else DIM
        for index, part in enumerate(wrap(shortened(text), width - 5 - len(label))):
            lead = label if not index else " " * len(label)
            yield [(f"   {lead}  ", look), (part, PLAIN)]


def _as_of_a_run(failure: RehearsalFailure, source: str) -> Failure:
    """Return the failure as one of a run: both are drawn in the same way. The statement is in the phase."""
    return Failure(
        name=failure.name,
        direction=Direction.ROLLBACK if failure.phase == "rollback" else Direction.APPLY,
        statement=0,
        of=0,
        file=failure.file,
        line=failure.line,
        column=failure.column,
        source_line=source,
        sqlstate=failure.sqlstate,
        severity="ERROR",
        message=failure.message,
        detail=failure.detail,
        hint=failure.hint,
    )


def _differences(differences: Sequence[Difference], width: int) -> Iterator[Parts]:
    found = group_differences(differences)
    yield _title(f"Differences: {_counted(found, 'object')}")
    yield from _wrapped(_LEGEND, width, 3, DIM)
    for differing in found:
        yield from _wrapped(describe(differing.whole), width, 3, STRONG)
        yield from definition_lines(differing, width, 5)


def _statements(
    title: str, traces: Sequence[StatementTrace], seconds: float, width: int, *, compact: bool = False
) -> Iterator[Parts]:
    yield [(f" {title}", ACCENT), (f"  {duration(seconds)}; {_counted(traces, 'statement')}", DIM)]
    for trace in traces:
        yield from _statement(trace, width, compact=compact)


def _counted(found: Sequence[object], what: str) -> str:
    """Return the number of items; only the first `KEPT` are known."""
    first = "the first " if len(found) >= MAX_ITEMS else ""
    return f"{first}{count(min(len(found), MAX_ITEMS), what)}"


def _statement(trace: StatementTrace, width: int, *, compact: bool) -> Iterator[Parts]:
    """Yield line number and summary, then locks, effects and cost of a statement."""
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
    """Yield a lock with its meter; its mode is coloured if other sessions must wait for it."""
    look = BAD if mode.stops_reads else WAITING if mode.stops_writes else DIM
    sign, tone = meter(mode)
    texts = wrap(f"{mode.value} {', '.join(names)}", width - _MARGIN - len(sign) - 4)
    for index, text in enumerate(texts):
        cut = len(mode.value) if not index else 0
        lead: Part = (sign, tone) if not index else (" " * len(sign), PLAIN)
        yield [(" " * (_MARGIN + 2), PLAIN), lead, (f" {text[:cut]}", look), (text[cut:], PLAIN)]


def _cost(trace: StatementTrace) -> str:
    wal = f", {byte_words(trace.wal_bytes)} of WAL" if trace.wal_bytes else ""
    alone = "" if trace.in_transaction else ", outside a transaction"
    return f"{duration(trace.seconds)}{wal}{alone}"


def _title(text: str) -> Parts:
    return [(f" {text}", ACCENT)]


def _marked(sign: str, look: Style, texts: Sequence[str], width: int) -> Iterator[Parts]:
    for text in texts:
        for index, line in enumerate(wrap(text, width - 6)):
            lead: Part = (f"   {sign} ", look) if not index else ("     ", PLAIN)
            yield [lead, (line, PLAIN)]


def _wrapped(text: str, width: int, indent: int, look: Style = PLAIN) -> Iterator[Parts]:
    return ([(" " * indent + line, look)] for line in wrap(text, width - indent - 1))
