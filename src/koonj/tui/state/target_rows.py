"""What the chosen target answered about its rows, for the Rehearsal tab."""

from __future__ import annotations

from dataclasses import dataclass

from koonj.runner.run.row_check import RowCheck


@dataclass(frozen=True, slots=True)
class TargetRows:
    """The answers of a target to what one pending migration demands of its rows."""

    target: str
    checks: tuple[RowCheck, ...] = ()
    note: str = ""
    """Why there are no answers, or no new ones; empty if there are."""
