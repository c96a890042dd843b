"""A run as lines: progress, log, summary, and conflicts. Its result: `result_lines.py`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rich.style import Style

from koonj.humanize import bar, clock, end_time, number_words, span_words, time_of_day
from koonj.migrations.states import State
from koonj.runner.rehearse.events import WaitingForScratch
from koonj.runner.rehearse.rehearsal_wording import waiting_for_scratch_words
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.direction import Direction
from koonj.runner.run.lock_holder_wording import holder_of, lock_name
from koonj.runner.run.lock_wait_wording import blocker_lines, wait_words
from koonj.runner.run.progress_wording import progress_words
from koonj.runner.run.unblock_wording import silence_words
from koonj.sql.display import shortened, spaced
from koonj.tui.render.conflict_hint import screen_hint
from koonj.tui.state.log_line import LogLine, Tone, result_words
from koonj.tui.state.run import RunView, doing
from koonj.tui.theme import ACCENT, BAD, DIM, GOOD, PLAIN, STRONG, WAITING, WARNING
from koonj.tui.toolkit.strips import Part, cut, fit, wrap

Line = list[Part]

TONES: Mapping[Tone, tuple[str, Style]] = MappingProxyType(
    {
        Tone.STEP: ("·", DIM),
        Tone.DONE: ("✓", GOOD),
        Tone.NOTICE: ("i", PLAIN),
        Tone.ATTENTION: ("!", WARNING),
        Tone.BAD: ("✗", BAD),
    }
)
_BAR, _BAR_FROM = 32, 2
"""Maximum width of a bar in cells, and from how many migrations on there is one."""
_MOST_BLOCKED = 6
"""Maximum number of lines about a lock that is waited for."""
NEAR = 1_000
"""Characters of a source line that are read on each side of the error's column."""


def progress(view: RunView, now: float, width: int) -> list[Line]:
    """Return migration, statement and elapsed time; no lines after the run."""
    if not view.running:
        return []
    return [_first(view, now), *done_line(view, width), *_second(view, now, width)]


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


def done_line(view: RunView, width: int) -> list[Line]:
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


def is_between(view: RunView) -> bool:
    """Return whether the run waits for something else than a lock, or is being cancelled."""
    waits = view.asking or view.scratch_wait is not None or view.waiting is not None
    return waits or view.cancelling


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
    return [*_statement(view, now, width), *progress_lines(view, width), *_blocked(view, now, width)]


def progress_lines(view: RunView, width: int) -> list[Line]:
    """Return how far the running statement is; no lines if that is not known."""
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
    words = f"waiting for {lock_name(event.lock)} for {clock(seconds)}, held by {holder_of(event)}"
    return f"{words}, {silence}" if silence else words


def summary(view: RunView | None, now: float) -> Line:
    """Return a one-line summary of the run for the collapsed pane."""
    if view is None:
        return [("nothing has run yet", DIM)]
    if view.finished is not None:
        tone, word = result_words(view.finished.result)
        mark, style = TONES[tone]
        text = result_sentence(word, shortened(view.finished.message, NEAR))
        return [(f"{mark} ", style), (f"{_when(view)}{text}", PLAIN)]
    if view.broken is not None:
        return [("✗ ", BAD), (f"{_when(view)}no result: its process ended early", PLAIN)]
    if not view.running:
        text = shortened(view.log[-1].text, NEAR) if view.log else "ended"
        return [("✗ ", BAD), (f"{_when(view)}{text}", PLAIN)]
    if view.asking:
        return [("waiting for your answer", WAITING)]
    return [(text.strip() + " ", style) for text, style in _first(view, now)]


def _when(view: RunView) -> str:
    """Return when the run ended, if the user has closed its result; see `end_time`."""
    return f"{end_time(view.ended)} " if view.closed and view.ended is not None else ""


def log_lines(entry: LogLine, width: int) -> list[Line]:
    """Return one entry of the log with its time, wrapped to `width`.

    The end of a migration is one line in any case: without the time, if there is no room for it.
    """
    mark, style = TONES[entry.tone]
    time = f" {time_of_day(entry.at)}"
    first, *more = marked(mark, style, entry.text, width - len(time))
    if more and entry.brief is not None:
        return [_brief(mark, style, *entry.brief, width)]
    return [[(time, DIM), *first], *([(" " * len(time), PLAIN), *line] for line in more)]


def _brief(mark: str, style: Style, name: str, facts: str, width: int) -> Line:
    """Return the end of a migration in one line, with its facts at the right edge."""
    room = max(1, width - len(facts) - 6)
    return [(f" {mark} ", style), (fit(name, room), PLAIN), (f"  {facts}", DIM)]


def result_sentence(word: str, message: str) -> str:
    """Return the word of a result and its message, without saying the word twice."""
    return message if message.lower().startswith(word) else f"{word}: {message}"


def conflict_lines(conflict: Conflict, width: int) -> list[Line]:
    """Return a conflict that stops a run, and its hint."""
    place = f":{conflict.line}" if conflict.line else ""
    who = f"{conflict.name}{place}: " if conflict.name else ""
    # The name is already before the message.
    message = conflict.message.removeprefix(conflict.name).removeprefix(":").lstrip()
    lines = marked("!", WARNING, f"{who}{spaced(conflict.state)}: {message}", width)
    if conflict.state == State.INTERRUPTED:
        return lines  # The hint is a command; the screen has a key for it.
    return lines + [
        [("     ", PLAIN), (text, DIM)] for text in wrap(screen_hint(conflict), width - 6) if text
    ]


def marked(mark: str, style: Style, text: str, width: int, looks: Style = PLAIN) -> list[Line]:
    """Return a wrapped text after a mark."""
    texts = wrap(text, width - 4)
    return [[(f" {mark} " if not i else "   ", style), (line, looks)] for i, line in enumerate(texts)]
