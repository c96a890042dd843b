"""A run as lines: progress, log, result, and details of failures and conflicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from rich.cells import cell_len
from rich.style import Style

from koonj.humanize import bar, clock, listed, number_words, span_words, time_of_day
from koonj.migrations.states import State
from koonj.postgres.advisory_lock import holder_words
from koonj.runner.process.process_wording import broken_words
from koonj.runner.rehearse.events import WaitingForScratch
from koonj.runner.rehearse.rehearsal_wording import waiting_for_scratch_words
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.direction import Direction
from koonj.runner.run.failure import Failure
from koonj.runner.run.lock_wait_wording import awaited_words, blocker_lines, wait_words
from koonj.runner.run.progress_wording import progress_words
from koonj.runner.run.unblock_wording import silence_words
from koonj.sql.display import shortened, spaced
from koonj.tui.documents.sql_text import expand
from koonj.tui.render.conflict_hint import screen_hint
from koonj.tui.state.log_line import LogLine, Tone, result_words
from koonj.tui.state.run import RunView, doing
from koonj.tui.state.screen_advice import in_keys
from koonj.tui.theme import ACCENT, BAD, DIM, GOOD, PLAIN, STRONG, WAITING, WARNING
from koonj.tui.toolkit.strips import Part, cut, wrap

Line = list[Part]

_TONES: Mapping[Tone, tuple[str, Style]] = MappingProxyType(
    {
        Tone.STEP: ("·", DIM),
        Tone.DONE: ("✓", GOOD),
        Tone.NOTICE: ("i", PLAIN),
        Tone.ATTENTION: ("!", WARNING),
        Tone.BAD: ("✗", BAD),
    }
)
_LABEL = 12
"""Cells for the labels of a failure."""
_BAR, _BAR_FROM = 32, 2
"""Maximum width of a bar in cells, and from how many migrations on there is one."""
_MOST_NAMED = 5
"""Maximum number of migrations that are named."""
_MOST_BLOCKED = 6
"""Lines about a lock that is waited for; the log has them all."""
_NEAR = 1_000
"""Characters of a source line that are read on each side of the error's column."""


def progress(view: RunView, now: float, width: int) -> list[Line]:
    """Return migration, statement and elapsed time; no lines after the run."""
    if not view.running:
        return []
    return [_first(view, now), *_done(view, width), *_second(view, now, width)]


def _first(view: RunView, now: float) -> Line:
    verb = f"settling {view.settling}" if view.settling else doing(view.direction)
    line: Line = [(f" {verb} on ", PLAIN), (view.target, STRONG)]
    if view.rehearsing is not None:
        one = view.rehearsing
        line = [(" rehearsing ", PLAIN), (one.name, STRONG), (f"  {one.index} of {one.of}", PLAIN)]
    elif view.migration is not None:
        line += [(f"  migration {view.migration.index} of {view.migration.of}  ", PLAIN)]
        line += [(view.migration.name, STRONG)]
    if view.asking:
        return line
    return [*line, (f"  {clock(now - (view.confirmed or view.started))}", ACCENT)]


def _done(view: RunView, width: int) -> list[Line]:
    """Return a bar with the number of committed migrations; no line if there is only one to run."""
    planned = len(view.plan.migrations) if view.plan is not None else 0
    if view.confirmed is None or planned < _BAR_FROM:
        return []
    done = "applied" if view.direction is Direction.APPLY else "rolled back"
    left = number_words(planned - view.done)
    words, part = f"{done} {number_words(view.done)} of {number_words(planned)}, {left} left", view.done
    if view.plan is not None and view.plan.batch and not view.done:
        part = view.ran
        words = f"ran {number_words(part)} of {number_words(planned)}, none {done} before the end"
    return [[(f" {bar(part / planned, min(_BAR, width - len(words) - 4))} ", ACCENT), (words, PLAIN)]]


def _second(view: RunView, now: float, width: int) -> list[Line]:
    if view.cancelling:
        return [[(" cancelling", WARNING)]]
    if view.asking:
        return [[(" waiting for your answer", WAITING)]]
    if view.scratch_wait is not None or view.waiting is not None:
        return [[(" " + line, WAITING)] for line in wrap(_waiting_words(view, now), width - 2, 2)]
    if view.retrying is not None:
        left = max(0.0, view.retrying.at.timestamp() + view.retrying.delay - now)
        return [[(f" attempt {view.retrying.attempt} of {view.retrying.of} in {span_words(left)}", WAITING)]]
    return [*_statement(view, now, width), *_progress(view, width), *_blocked(view, now, width)]


def _progress(view: RunView, width: int) -> list[Line]:
    if view.progress is None:
        return []
    return [[(" " + line, ACCENT)] for line in wrap(progress_words(view.progress), width - 2, 2)]


def _statement(view: RunView, now: float, width: int) -> list[Line]:
    if view.statement is not None:
        one = view.statement
        since = clock(now - one.at.timestamp())
        text = f"statement {one.index} of {one.of} for {since}, line {one.line}: {one.summary}"
        return [[(" " + wrap(text, width - 2, 1)[0], PLAIN)]]
    if view.blocked is not None:
        return []  # it waits for the locks before its first statement
    return [[(" running" if view.migration or view.settling or view.has_lock else " making the plan", DIM)]]


def _blocked(view: RunView, now: float, width: int) -> list[Line]:
    """Return what the statement waits for, and who is in the way, with times that grow."""
    event = view.blocked
    if event is None:
        return []
    passed = max(0.0, now - event.at.timestamp())
    first = wait_words(event, event.lock.seconds + passed)
    lines = [(" " + first, WAITING), *(("   " + line, PLAIN) for line in blocker_lines(event.lock, passed))]
    shown = lines if len(lines) <= _MOST_BLOCKED else [*lines[: _MOST_BLOCKED - 1], (" …", DIM)]
    return [[(cut(shortened(text), width - 1), style)] for text, style in shown]


def _waiting_words(view: RunView, now: float) -> str:
    """Return for whom the run waits, and for how long already."""
    event = view.scratch_wait or view.waiting
    assert event is not None
    seconds = event.seconds + max(0.0, now - event.at.timestamp())
    if isinstance(event, WaitingForScratch):
        return waiting_for_scratch_words(event.holder, seconds)
    silence = silence_words(event.holder, event.state)
    words = f"waiting for the koonj lock for {clock(seconds)}, held by {holder_words(event.holder)}"
    return f"{words}, {silence}" if silence else words


def summary(view: RunView | None, now: float) -> Line:
    """Return a one-line summary of the run for the collapsed pane."""
    if view is None:
        return [("nothing has run yet", DIM)]
    if view.finished is not None:
        tone, word = result_words(view.finished.result)
        mark, style = _TONES[tone]
        text = _result(word, shortened(view.finished.message, _NEAR))
        return [(f"{mark} ", style), (f"{_when(view)}{text}", PLAIN)]
    if view.broken is not None:
        return [("✗ ", BAD), (f"{_when(view)}no result: its process ended early", PLAIN)]
    if not view.running:
        text = shortened(view.log[-1].text, _NEAR) if view.log else "ended"
        return [("✗ ", BAD), (f"{_when(view)}{text}", PLAIN)]
    if view.asking:
        return [("waiting for your answer", WAITING)]
    return [(text.strip() + " ", style) for text, style in _first(view, now)]


def _when(view: RunView) -> str:
    """Return when the run ended, if the user has closed its result: ``14:03:59 ``."""
    return f"{time_of_day(view.ended)} " if view.closed and view.ended is not None else ""


def log_lines(entry: LogLine, width: int) -> list[Line]:
    """Return one entry of the log with its time, wrapped to `width`."""
    mark, style = _TONES[entry.tone]
    time = f" {time_of_day(entry.at)}"
    first, *more = _marked(mark, style, entry.text, width - len(time))
    return [[(time, DIM), *first], *([(" " * len(time), PLAIN), *line] for line in more)]


def result_lines(view: RunView, width: int) -> list[Line]:
    """Return result, conflicts and details of a failure, wrapped to `width`."""
    lines: list[Line] = []
    if view.finished is not None:
        tone, word = result_words(view.finished.result)
        mark, style = _TONES[tone]
        lines += _marked(mark, style, _result(word, _message(view, view.finished.message)), width, STRONG)
        lines += [line for conflict in view.finished.conflicts for line in conflict_lines(conflict, width)]
    if view.broken is not None:
        message, hint = broken_words(view.broken)
        lines += _marked("✗", BAD, message, width, STRONG)
        lines += [[("     ", PLAIN), (text, DIM)] for text in wrap(in_keys(hint), width - 6)]
    if view.failure is not None:
        said = view.finished.message if view.finished is not None else ""
        lines += failure_lines(view.failure, width, said)
    if view.finished is not None and view.finished.rolled_back:
        lines += _labelled("rolled back", listed(view.finished.rolled_back, _MOST_NAMED), width)
    if view.not_started:
        lines += _labelled("not started", listed(view.not_started, _MOST_NAMED), width)
    return lines


def _result(word: str, message: str) -> str:
    """Return the word of a result and its message, without saying the word twice."""
    return message if message.lower().startswith(word) else f"{word}: {message}"


def _message(view: RunView, message: str) -> str:
    """Return the message of the result; the name of the migration if the lines below it have the message."""
    failure = view.failure
    same = failure is not None and bool(failure.name) and message == failure.message
    return failure.name if failure is not None and same else shortened(message)


def failure_lines(failure: Failure, width: int, said: str = "") -> list[Line]:
    """Return place, source, error, committed statements and next steps.

    `said`: the message of the result, which is not said again.
    """
    return list(_failure(failure, width, said))


_NOTHING = "No part of"
"""Start of a state that says, too, that no statement is committed."""


def _failure(failure: Failure, width: int, said: str) -> Iterator[Line]:
    where = ":".join(str(part) for part in (failure.file, failure.line, failure.column) if part is not None)
    which = f"statement {failure.statement} of {failure.of}  " if failure.statement else ""
    if place := which + where:
        yield from ([("   ", PLAIN), (text, STRONG)] for text in wrap(place, width - 4))
    if failure.source_line:
        yield from _source(failure, width)
    code = f" {failure.sqlstate}:" if failure.sqlstate else ":"
    yield from _labelled(f"{failure.severity}{code}", failure.message, width, BAD)
    for label, text in (("DETAIL", failure.detail), ("HINT", failure.hint), ("CONTEXT", failure.context)):
        if text:
            yield from _labelled(label, text, width)
    if failure.waited_for is not None:
        waited = (awaited_words(failure.waited_for), *blocker_lines(failure.waited_for))
        yield from _labelled("waited for", "\n".join(waited), width, STRONG)
    state = failure.target_state if failure.target_state not in said else ""
    if failure.committed or (failure.name and not failure.target_state.startswith(_NOTHING)):
        committed = "\n".join(failure.committed) or "no statement of this migration"
        yield from _labelled("committed", committed, width, STRONG)
    if state:
        yield from _labelled("state", state, width, STRONG)
    for number, step in enumerate(failure.next_steps):
        yield from _labelled("next" if not number else "", step, width)


def _source(failure: Failure, width: int) -> Iterator[Line]:
    """Yield the source line, cut around the column, and a caret below the column."""
    column = (failure.column or 1) - 1
    room = width - 6
    before, after = _split_at(failure.source_line, column, room * 2 // 3)
    yield [("      ", PLAIN), (cut(before + after, room), ACCENT)]
    if failure.column is not None:
        yield [(" " * (6 + cell_len(before)) + "^", BAD)]


def _split_at(source: str, column: int, room: int) -> tuple[str, str]:
    """Return the drawn text before and after a column (0-based).

    The text before it has at most `room` cells.
    """
    start = max(0, column - _NEAR)
    before = expand(source[start:column])
    after = expand(source[start : column + _NEAR])[len(before) :]
    if start == 0 and cell_len(before) <= room:
        return before, after
    while cell_len(before) >= room:
        before = before[1:]
    return "…" + before, after


def conflict_lines(conflict: Conflict, width: int) -> list[Line]:
    """Return a conflict that stops a run, and its hint."""
    place = f":{conflict.line}" if conflict.line else ""
    who = f"{conflict.name}{place}: " if conflict.name else ""
    # The name is already before the message.
    message = conflict.message.removeprefix(conflict.name).removeprefix(":").lstrip()
    lines = _marked("!", WARNING, f"{who}{spaced(conflict.state)}: {message}", width)
    if conflict.state == State.INTERRUPTED:
        return lines  # The hint is a command; the screen has a key for it.
    return lines + [
        [("     ", PLAIN), (text, DIM)] for text in wrap(screen_hint(conflict), width - 6) if text
    ]


def _marked(mark: str, style: Style, text: str, width: int, looks: Style = PLAIN) -> list[Line]:
    texts = wrap(text, width - 4)
    return [[(f" {mark} " if not i else "   ", style), (line, looks)] for i, line in enumerate(texts)]


def _labelled(label: str, text: str, width: int, style: Style = PLAIN) -> Iterator[Line]:
    space = max(_LABEL, len(label) + 1)
    for number, line in enumerate(wrap(shortened(text), width - space - 4)):
        yield [("   " + (label if not number else "").ljust(space), style), (line, PLAIN)]
