"""Describe what made-up rows showed in addition to losses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from koonj.postgres.made_rows.tables import quoted
from koonj.runner.rehearse.cycle import CycleResult


def rows_findings(cycle: CycleResult) -> Iterator[str]:
    """Yield a sentence for each finding."""
    if cycle.trial is not None:
        for found in cycle.trial.always_fails:
            prefix = "Rollback: " if found.in_rollback else ""
            name = ".".join(map(_plain, found.table))
            rows = "more than one row" if found.several else "rows"
            yield f"{prefix}line {found.line}: fails if {name} has {rows}: {found.message}."
    for fixed in cycle.fixed_times:
        yield f"{fixed.kind} {fixed.identity} contains a time that is fixed when the migration runs."


def _plain(name: str) -> str:
    written = quoted(name)
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else written
