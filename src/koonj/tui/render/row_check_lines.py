"""What the target's rows answer, as lines: in a plan and in the Rehearsal tab."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from koonj.runner.preflight.wording import EXACT_GIVES, passing, told
from koonj.runner.run.row_check import RowCheck, RowOutcome
from koonj.tui.theme import DIM, WARNING
from koonj.tui.toolkit.strips import Part, wrap


def row_check_lines(checks: Sequence[RowCheck], width: int, exactly: str) -> Iterator[list[Part]]:
    """Yield what the target's rows answer: what fails first.

    `exactly`: what gives an exact answer, such as ``press e``; empty if nothing does.
    """
    for check in told(checks):
        looks = DIM if check.outcome is RowOutcome.NOT_KNOWN else WARNING
        exact = "" if check.limit is None or not exactly else f"; {EXACT_GIVES[check.limit]}, {exactly}"
        lines = wrap(check.message + exact, width - 12)
        yield [(f"   {check.line or '':>5}  ", DIM), (lines[0], looks)]
        yield from ([(" " * 10 + text, looks)] for text in lines[1:])
    if found := passing(checks):
        yield from ([("   " + text, DIM)] for text in wrap(found, width - 4))
