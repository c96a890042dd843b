"""How far a run is, as lines of a theme with fills."""

from __future__ import annotations

from rich.cells import cell_len
from rich.style import Style

from koonj.humanize import clock
from koonj.tui.render.gauge import with_gauge
from koonj.tui.render.lock_wait import labelled, lock_lines, retry_lines
from koonj.tui.render.run_lines import Line, done_line, is_between, progress, progress_lines
from koonj.tui.state.run import RunView
from koonj.tui.theme import ACCENT, DIM, PLAIN, STRONG
from koonj.tui.toolkit.strips import cut


def filled_progress(view: RunView, now: float, width: int) -> list[Line]:
    """Return migration, statement, lock and elapsed time; no lines after the run."""
    if not view.running or view.migration is None or view.rehearsing is not None:
        return [with_gauge(line) for line in progress(view, now, width)]
    one = view.migration
    since = clock(now - (view.confirmed or view.started))
    lines = [
        _timed(labelled("migration", (f"{one.index} of {one.of}  ", PLAIN)), one.name, since, ACCENT, width)
    ]
    lines += [with_gauge(line) for line in done_line(view, width)]
    if is_between(view):
        return [*lines, *progress(view, now, width)[len(lines) :]]
    if view.retrying is not None:
        return [*lines, *retry_lines(view.retrying, now)]
    if view.statement is not None:
        running = view.statement
        parts = labelled("statement", (f"{running.index} of {running.of}  ", PLAIN))
        lines.append(_timed(parts, running.summary, clock(now - running.at.timestamp()), DIM, width))
    lines += [with_gauge(line) for line in progress_lines(view, width)]
    return [*lines, *(lock_lines(view.blocked, view.attempt, now, width) if view.blocked is not None else [])]


def _timed(parts: Line, text: str, time: str, look: Style, width: int) -> Line:
    """Return a line with a text that is cut before the time at its right."""
    used = sum(len(part) for part, _ in parts)
    shown = cut(text, max(1, width - used - len(time) - 3))
    gap = " " * max(1, width - used - cell_len(shown) - len(time) - 1)
    return [*parts, (shown, STRONG), (gap, PLAIN), (time, look)]
