"""What became of the storage of tables and indexes: rewritten, emptied, built anew."""

from __future__ import annotations

from collections.abc import Mapping

from koonj.postgres.locks.state import NONE, Counters, Relation, Relations


def stored_anew(initial: Relations, before: Relations, now: Relations) -> tuple[int, ...]:
    """OIDs of tables and materialized views that were there at first and whose file is another now."""
    return tuple(
        oid
        for oid, after in now.items()
        if oid in initial and oid in before and after.has_rows and after.file != before[oid].file
    )


def is_emptied(oid: int, before: Relations, now: Relations, counted: Mapping[int, Counters]) -> bool:
    """TRUNCATE or REFRESH … WITH NO DATA, rather than a rewrite, which of an empty table is empty too.

    TRUNCATE forgets how many rows there were (reltuples, in RelationSetNewRelfilenumber), keeps the TOAST
    table and reads the table only to build its indexes. ALTER TABLE makes another TOAST table and reads the
    table once more to copy it, CLUSTER and VACUUM FULL count its rows, SET TABLESPACE copies its file.
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
    """How many of its indexes have other files than before."""
    files = {index.file for index in before.values() if index.table == table}
    return sum(1 for index in now.values() if index.table == table and index.file not in files)


def replaced(before: Relations, now: Relations) -> dict[int, int]:
    """Indexes that were dropped and created again under their name: the OID before, and that now.

    ALTER TABLE … TYPE does so, and may keep the file: then nothing was built.
    """
    gone = {old.name: oid for oid, old in before.items() if old.is_index and oid not in now}
    if not gone:
        return {}
    return {
        gone[after.name]: oid
        for oid, after in now.items()
        if after.is_index and oid not in before and after.name in gone
    }


def rebuilt(initial: Relations, before: Relations, now: Relations) -> tuple[str, ...]:
    """Names of the indexes that were there at first and have another file now."""
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
