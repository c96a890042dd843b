"""Format the plan of an adoption as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from koonj.cli.drift_text import DriftText
from koonj.humanize import count
from koonj.postgres.catalog.catalog import Difference
from koonj.runner.adopt.plan import AdoptionPlan, FileEvidence
from koonj.runner.adopt.wording import evidence_words, whole_words
from koonj.sql.display import cells

_HEAD = ("file", "evidence", "decision")


def plan_lines(plan: AdoptionPlan, *, verbose: bool) -> Iterator[str]:
    """Yield what was compared, a row for each file, and what differs."""
    new = count(len(plan.files), "migration")
    before = f" after {count(plan.recorded, 'applied migration')}" if plan.recorded else ""
    yield f"comparing {plan.target} ({plan.server}) with {new}{before}, run on {plan.scratch}"
    yield from (f"note: {note}" for note in plan.notes)
    rows = [_HEAD, *(_row(plan, file) for file in plan.files)]
    widths = [max(cells(row[column]) for row in rows) for column in range(2)]
    text = DriftText(verbose=verbose)
    yield _line(_HEAD, widths)
    for file, row in zip(plan.files, rows[1:], strict=True):
        yield _line(row, widths)
        if file.adopt:
            yield from _indented(text, plan, file.differences)
    if plan.others:
        yield "in no file:"
        yield from _indented(text, plan, plan.others)
    yield whole_words(plan)
    if plan.is_equal and plan.unprovable_end:
        names = ", ".join(file.name for file in plan.unprovable_end)
        yield f"Nothing on {plan.target} shows whether {names} ran. If not, name the last migration that ran."


def _row(plan: AdoptionPlan, file: FileEvidence) -> tuple[str, str, str]:
    adopt = "record as applied" if plan.is_equal else "record as applied, with your reason"
    return file.name, evidence_words(file), adopt if file.adopt else "stays pending"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    padded = (f"{text}{' ' * (width - cells(text))}" for text, width in zip(row, widths, strict=False))
    return "  ".join((*padded, row[-1]))


def _indented(text: DriftText, plan: AdoptionPlan, differences: Sequence[Difference]) -> Iterator[str]:
    yield from (f"    {line}" for line in text.difference_lines(plan.target, differences))
