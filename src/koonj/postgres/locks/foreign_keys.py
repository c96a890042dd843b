"""The half of a foreign key's check that an empty table hides."""

from __future__ import annotations

from collections.abc import Mapping

from koonj.postgres.locks.changes import Comparison
from koonj.postgres.locks.reading import Modes
from koonj.postgres.locks.state import NONE, Counters
from koonj.postgres.locks.storage import builds
from koonj.postgres.locks.values import LockMode


def referenced(states: Comparison, taken: Modes, counted: Mapping[int, Counters]) -> frozenset[int]:
    """Tables that a check of foreign keys would read, but stops before, for want of rows that refer to them.

    Making a foreign key valid runs one query that joins the whole table to the one that it refers to
    (RI_Initial_Check in ri_triggers.c). With rows the latter is read too, by a hash join. That the query ran,
    and was not spared as for a new column without a default, shows in the indexes that its planner locked,
    and in one scan of the referring table more than all else takes.
    """
    validated = _validated(states)
    planned = {
        index.table
        for oid, index in states.before.items()
        if index.table in validated and LockMode.ACCESS_SHARE in taken.get(oid, frozenset())
    }
    return frozenset(
        parent
        for parent, children in validated.items()
        if parent in planned and any(_checked(child, states, counted) for child in children)
    )


def _checked(child: int, states: Comparison, counted: Mapping[int, Counters]) -> bool:
    """Was the referring table read for the check, and did that find no row?"""
    table = states.now[child]
    if table.relkind == "p":  # its partitions are checked, and nothing is counted for itself
        return any(counters.scans and not counters.read for counters in counted.values())
    counters = counted.get(child, NONE)
    rewritten = table.file != states.before[child].file
    others = 1 + builds(child, states.before, states.now) if rewritten else 0
    return counters.scans > others and not counters.read


def _validated(states: Comparison) -> dict[int, set[int]]:
    """Tables referred to, with those whose foreign keys became valid."""
    found: dict[int, set[int]] = {}
    for old, after in states.altered():
        if old.constraints_json != after.constraints_json:
            was = old.constraints()
            for oid, constraint in after.constraints().items():
                before = was.get(oid)
                if constraint.validated and constraint.references and not (before and before.validated):
                    found.setdefault(constraint.references, set()).add(after.oid)
    return found
