"""Find tables and indexes whose storage was rewritten, truncated or rebuilt."""

from __future__ import annotations

from collections.abc import Mapping

from koonj.postgres.locks.relations import NONE, Counters, Relation, Relations


def stored_anew(initial: Relations, before: Relations, now: Relations) -> tuple[int, ...]:
    """Return the OIDs of tables and materialized views that have a new file.

    Only those that existed before the transaction.
    """
    return tuple(
        oid
        for oid, after in now.items()
        if oid in initial and oid in before and after.has_rows and after.file != before[oid].file
    )


def is_emptied(oid: int, before: Relations, now: Relations, counted: Mapping[int, Counters]) -> bool:
    """Return whether a new file comes from TRUNCATE or REFRESH … WITH NO DATA.

    Otherwise it comes from a rewrite, which also leaves an empty file if the table is empty. The differences:
    TRUNCATE resets the row count (reltuples, in RelationSetNewRelfilenumber), keeps the TOAST table, and
    scans the table only to build its indexes. ALTER TABLE creates a new TOAST table and scans the table once
    more to copy it. CLUSTER and VACUUM FULL count the rows. SET TABLESPACE copies the file.
    """
    old, after = before[oid], now[oid]
    if after.relkind == "m":
        return not after.populated
    if after.tablespace != old.tablespace or after.rows > 0 or (after.rows == 0 and old.rows < 0):
        return False
    if after.rows < 0 and old.toast:
        return after.toast == old.toast
    return counted.get(oid, NONE).scans <= builds(oid, before, now)


def builds(table: int, before: Relations, now: Relations) -> int:
    """Return how many indexes of the table have new files."""
    files = {index.file for index in before.values() if index.table == table}
    return sum(1 for index in now.values() if index.table == table and index.file not in files)


def replaced(before: Relations, now: Relations) -> dict[int, int]:
    """Return the old and the new OID of indexes that were dropped and created again.

    Both have the same name. ALTER TABLE … TYPE does this; if it keeps the file, nothing was built.
    """
    dropped = {old.name: oid for oid, old in before.items() if old.is_index and oid not in now}
    if not dropped:
        return {}
    return {
        dropped[after.name]: oid
        for oid, after in now.items()
        if after.is_index and oid not in before and after.name in dropped
    }


def rebuilt(initial: Relations, before: Relations, now: Relations) -> tuple[str, ...]:
    """Return the names of indexes that have a new file.

    Only those that existed before the transaction.
    """
    pairs = {oid: oid for oid in now if oid in before} | replaced(before, now)
    return tuple(
        sorted(
            initial[old].name
            for old, new in pairs.items()
            if old in initial and _is_built(before[old], now[new])
        )
    )


def _is_built(old: Relation, after: Relation) -> bool:
    return old.relkind == "i" and old.file != after.file
