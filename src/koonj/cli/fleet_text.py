"""Format the plans of several targets, and what became of each, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from koonj.cli.marks import StateMarks
from koonj.cli.plan_text import plan_lines
from koonj.humanize import count, listed
from koonj.migrations.names import number_words
from koonj.runner.fleet.result_table import STATES, headings, result_cells
from koonj.runner.fleet.wording import outcome_words
from koonj.runner.impact.plan_wording import has_sizes
from koonj.runner.run.direction import Direction
from koonj.runner.run.fleet_events import COMPLETE, NOT_READY, FleetPlanned, Outcome, PlanGroup, TargetResult
from koonj.runner.run.planned import Plan
from koonj.sql.display import cells

_MOST = 12
"""Names in a line; with --verbose, all."""


@dataclass(frozen=True, slots=True)
class _Words:
    """The words for one direction."""

    to_run: str
    nothing: str
    missing: str


_WORDS = {
    Direction.APPLY: _Words("to apply", "up to date", "without a pending migration"),
    Direction.ROLLBACK: _Words("to roll back", "nothing to do", "with nothing to roll back"),
}


def fleet_plan_lines(
    event: FleetPlanned, plans: Mapping[str, Plan], marks: StateMarks, *, verbose: bool
) -> Iterator[str]:
    """Yield what is planned: the counts, the waves, one plan for each group, and the targets not ready."""
    most = len(event.targets) if verbose else _MOST
    words = _WORDS[event.direction]
    yield _counts(event.targets, words)
    for number, wave in enumerate(event.waves, start=1):
        at_once = min(event.at_once, len(wave))
        side = f", {at_once} at a time" if at_once > 1 else ""
        yield f"wave {number}: {count(len(wave), 'target')}{side}: {listed(wave, most)}"
    for group in event.groups:
        yield ""
        yield from _group(group, plans[group.shown], marks, most=most, verbose=verbose)
    current = [one.target for one in event.targets if one.outcome in COMPLETE]
    not_ready = [one for one in event.targets if one.outcome in NOT_READY]
    if current or not_ready:
        yield ""
    if current:
        yield f"{count(len(current), 'target')} {words.missing}: {listed(current, most)}"
    for one in not_ready:
        yield f"not ready: {marks.for_state(STATES[one.outcome])} {one.target}  {outcome_words(one)}"


def _counts(targets: Sequence[TargetResult], words: _Words) -> str:
    planned = sum(one.outcome is Outcome.PLANNED for one in targets)
    ready = sum(one.outcome in COMPLETE for one in targets)
    others = len(targets) - planned - ready
    parts = ((planned, words.to_run), (ready, words.nothing), (others, "not ready"))
    return f"{count(len(targets), 'target')}: {', '.join(f'{n} {what}' for n, what in parts if n)}"


def _group(group: PlanGroup, plan: Plan, marks: StateMarks, *, most: int, verbose: bool) -> Iterator[str]:
    numbers = listed([number_words(name) for name in group.migrations], most) or "only decisions to record"
    yield f"{count(len(group.targets), 'target')}: {numbers}"
    yield f"  {listed(group.targets, most)}"
    if len(group.targets) > 1 and has_sizes(plan):
        yield f"  sizes: those of {group.shown}, which has the largest tables"
    for line in islice(plan_lines(plan, verbose=verbose, marks=marks), 1, None):  # without its target
        yield f"  {line}".rstrip()


def result_lines(results: Sequence[TargetResult], direction: Direction, marks: StateMarks) -> Iterator[str]:
    """Yield the table of results: a line for each target."""
    first, *others = headings(direction)
    table = [(f"  {first}", *others)]
    for one in results:
        first, *others = result_cells(one)
        table.append((f"{marks.for_state(STATES[one.outcome])} {first}", *others))
    widths = [max(cells(row[place]) for row in table) for place in range(len(table[0]))]
    for row in table:
        padded = (text + " " * (width - cells(text)) for text, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()
