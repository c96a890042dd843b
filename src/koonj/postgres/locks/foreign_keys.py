"""Find the scan of a foreign key check that does not happen on empty tables."""

from __future__ import annotations

from collections.abc import Mapping

from koonj.postgres.locks.changes import Comparison
from koonj.postgres.locks.queries import Modes
from koonj.postgres.locks.relations import NONE, Counters
from koonj.postgres.locks.storage import builds
from koonj.postgres.locks.trace import LockMode


def referenced(states: Comparison, taken: Modes, counted: Mapping[int, Counters]) -> frozenset[int]:
    """Return tables that a foreign key check would scan if the tables had rows.

    When a foreign key becomes valid, PostgreSQL runs one query that joins the whole referencing table to the
    referenced one (RI_Initial_Check in ri_triggers.c). If there are rows, a hash join scans the referenced
    table too. On empty tables that scan does not happen. Two facts show that the query ran, and was not
    skipped as for a new column without a default: its planner locked the indexes, and the referencing table
    has one scan more than everything else explains.
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
    """Return whether the check scanned the referencing table and found no rows."""
    table = states.now[child]
    if table.relkind == "p":  # its partitions are checked; a partitioned table has no counters of its own
        return any(counters.scans and not counters.read for counters in counted.values())
    counters = counted.get(child, NONE)
    rewritten = table.file != states.before[child].file
    others = 1 + builds(child, states.before, states.now) if rewritten else 0
    return counters.scans > others and not counters.read


def _validated(states: Comparison) -> dict[int, set[int]]:
    """Return referenced tables, each with the tables whose foreign keys became valid."""
    found: dict[int, set[int]] = {}
    for old, after in states.altered():
        if old.constraints_json != after.constraints_json:
            was = old.constraints()
            for oid, constraint in after.constraints().items():
                before = was.get(oid)
                if constraint.validated and constraint.references and not (before and before.validated):
                    found.setdefault(constraint.references, set()).add(after.oid)
    return found
