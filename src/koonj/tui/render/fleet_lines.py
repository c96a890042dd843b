"""A run on several targets as lines: how far it is, a row for each target, and its result."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.style import Style

from koonj.humanize import bar, clock, duration, end_time
from koonj.runner.fleet.result_table import STATES, committed_words, headings
from koonj.runner.run.fleet_events import Outcome
from koonj.runner.run.lock_wait_wording import wait_words
from koonj.sql.display import shortened
from koonj.tui.render.run_lines import TONES, Line, result_sentence
from koonj.tui.state.fleet_run import FleetRunView, TargetRun, TargetState
from koonj.tui.state.log_line import result_words
from koonj.tui.state.run import doing
from koonj.tui.theme import ACCENT, BAD, DIM, MOVING, PLAIN, STRONG, WAITING, WARNING, glyph
from koonj.tui.theme import STATES as LOOKS
from koonj.tui.toolkit.strips import fit, wrap

_LONGEST = 24
"""Maximum cells of a target's name."""
_BAR = 24
_MOST_REASON = 2
"""Maximum lines of the reason below a target; its own run has all of it."""
_GAP = "  "


def fleet_progress(view: FleetRunView, now: float, width: int) -> list[Line]:
    """Return wave, elapsed time and counts; no lines after the run."""
    if not view.running:
        return []
    first: Line = [(f" {doing(view.direction)} on ", PLAIN), (view.target, STRONG)]
    if view.planned is not None and view.wave:
        first.append((f"  wave {view.wave} of {len(view.planned.waves)}", PLAIN))
    first.append((f"  {clock(now - (view.confirmed or view.started))}", ACCENT))
    if view.cancelling:
        first.append(("  cancelling", WARNING))
    words = counts(view)
    ended, of = sum(one.state is TargetState.ENDED for one in view.targets), len(view.targets)
    room = min(_BAR, width - cell_len(words) - 4)
    gauge: Line = [(f" {bar(ended / of, room)}", ACCENT)] if of and room > 3 else []
    if gauge:
        return [first, [*gauge, (f" {words}", PLAIN)]]
    return [first, *([(f" {text}", PLAIN)] for text in wrap(words, max(1, width - 2)))]


def counts(view: FleetRunView) -> str:
    """Return how many targets are in each state: ``1 applied, 2 running, 3 waiting``."""
    numbers: dict[str, int] = {}
    for one in sorted(view.targets, key=lambda one: _ORDER[one.state]):
        numbers[one.words] = numbers.get(one.words, 0) + 1
    return ", ".join(f"{number} {words}" for words, number in numbers.items()) or "reading the plan"


_ORDER = {TargetState.ENDED: 0, TargetState.RUNNING: 1, TargetState.WAITING: 2}


def fleet_summary(view: FleetRunView, now: float) -> Line:
    """Return the run in one line, for the collapsed pane."""
    if view.running:
        (verb, look), *others = fleet_progress(view, now, 0)[0]
        return [(verb.lstrip(), look), *others, (f"  {counts(view)}", PLAIN)]
    when = f"{end_time(view.ended)} " if view.closed and view.ended is not None else ""
    if view.finished is None:
        return [("✗ ", BAD), (f"{when}no result: its process ended early", PLAIN)]
    tone, word = result_words(view.finished.result)
    mark, look = TONES[tone]
    return [(f"{mark} ", look), (when + result_sentence(word, shortened(view.finished.message)), PLAIN)]


def target_rows(view: FleetRunView, width: int) -> Iterator[tuple[str, list[Line]]]:
    """Yield the headings, then for each target its name and lines: its state, and why it is not well."""
    if not view.targets:
        return
    target, result, done, _, _ = headings(view.direction)
    name = min(_LONGEST, max(cell_len(target), *(cell_len(one.name) for one in view.targets)))
    state = max(cell_len(result), *(cell_len(one.words) for one in view.targets))
    head = f"   {fit(target, name)}{_GAP}wave{_GAP}{fit(result, state)}{_GAP}{done}"
    yield "", [[(head, DIM)]]
    for one in view.targets:
        sign, look = _sign(one)
        wave = str(one.wave) if one.wave else ""
        part = fit(_number(one), len(done))
        took, what = _took(one), _what(one)
        used = name + state + len(done) + 4 * len(_GAP) + 7  # with the glyph and the wave
        lines: list[Line] = [] if used + cell_len(took + what) < width else [[(f"     {what}", PLAIN)]]
        line: Line = [
            (f" {sign} ", look),
            (f"{fit(one.name, name)}{_GAP}", STRONG if one.state is TargetState.RUNNING else PLAIN),
            (f"{wave:<4}{_GAP}", DIM),
            (fit(one.words, state) + _GAP, look),
            (part + _GAP, PLAIN),
            (took + ("" if lines else what), PLAIN),
        ]
        yield one.name, [line, *lines, *([(f"     {text}", DIM)] for text in _reason(one, width - 6))]


def _sign(one: TargetRun) -> tuple[str, Style]:
    if one.state is TargetState.RUNNING:
        is_blocked = one.view is not None and one.view.waits
        return "●", WAITING if is_blocked else MOVING
    state = STATES[one.result.outcome]
    return glyph(state), DIM if one.result.outcome is Outcome.NOT_STARTED else LOOKS[state]


def _number(one: TargetRun) -> str:
    """Return how many of its migrations are committed."""
    if one.state is TargetState.ENDED:
        return committed_words(one.result)
    of = len(one.result.not_run)
    return f"{one.view.done if one.view is not None else 0} of {of}" if of else ""


def _took(one: TargetRun) -> str:
    """Return how long its run took, with a gap behind it; empty before its end."""
    return duration(one.result.seconds) + _GAP if one.result.seconds else ""


def _what(one: TargetRun) -> str:
    """Return what runs now; after the end the migration that failed."""
    if one.state is TargetState.ENDED:
        return one.result.failure.name if one.result.failure is not None else ""
    view = one.view
    if view is None:
        return ""
    if view.migration is None:
        return "waiting for the koonj lock" if view.waiting is not None else ""
    statement = view.statement
    if statement is None:
        return view.migration.name
    return f"{view.migration.name}, statement {statement.index} of {statement.of}"


def _reason(one: TargetRun, width: int) -> list[str]:
    """Return why a target is not well, or what its statement waits for."""
    if one.state is TargetState.RUNNING and one.view is not None and one.view.blocked is not None:
        return wrap(shortened(wait_words(one.view.blocked, one.view.blocked.lock.seconds)), width, 1)
    if not one.has_problem:
        return []
    failure, conflicts = one.result.failure, one.result.conflicts
    text = (
        failure.message if failure is not None else conflicts[0].message if conflicts else one.result.message
    )
    return wrap(shortened(text.removeprefix(f"{one.name}: ")), width, _MOST_REASON) if text else []
