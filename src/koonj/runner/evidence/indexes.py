"""Evidence of CREATE, DROP and REINDEX INDEX CONCURRENTLY."""

from __future__ import annotations

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from koonj.humanize import count
from koonj.runner.evidence.questions import Facts, row_of, rows_of
from koonj.runner.evidence.statement_evidence import (
    Effect,
    StatementEvidence,
    done,
    not_done,
    repeatable,
    unknown,
)


async def create_index(conn: AsyncConnection, facts: Facts) -> StatementEvidence:
    """Judge CREATE INDEX CONCURRENTLY: a valid index, an INVALID one, or none."""
    found = await rows_of(conn, "create_index", facts)
    if not found:
        return not_done("No index was created.")
    name, valid, _xmin, building = found[0]
    if valid:
        return done(f"The index {name} is there and valid.")
    if building:
        return unknown(f"Another session is building the index {name} at this moment.")
    return StatementEvidence(
        Effect.HALF,
        f"The index {name} is there and INVALID: the build stopped before its end.",
        repair=(f"DROP INDEX CONCURRENTLY {name}",),
    )


async def drop_index(conn: AsyncConnection, facts: Facts) -> StatementEvidence:
    """Judge DROP INDEX CONCURRENTLY by the oid that the index had."""
    row = await row_of(conn, "drop_index", facts)
    name = facts["name"]
    if row is None:
        return done(f"The index {name} was dropped.")
    if row[0] or not facts["valid"]:
        return not_done(f"The index {name} is still there.")
    text = f"The index {name} is still there and INVALID: the drop stopped before its end."
    return StatementEvidence(Effect.HALF, text, can_repeat=True)


async def reindex(conn: AsyncConnection, facts: Facts) -> StatementEvidence:
    """Judge REINDEX CONCURRENTLY: a rebuilt index has another oid."""
    values = {"indexes": Jsonb(facts["indexes"] or []), "tables": facts["tables"]}
    row = await row_of(conn, "reindex", values)
    assert row is not None
    replaced, total, leftovers = row
    words = f"{replaced} of {count(total, 'index', 'indexes')} rebuilt."
    if leftovers:
        return StatementEvidence(
            Effect.HALF,
            f"{words} The rebuild stopped before its end and left {', '.join(leftovers)}.",
            repair=tuple(f"DROP INDEX CONCURRENTLY {name}" for name in leftovers),
            done_after_repair=0 < total == replaced,
        )
    if not total:
        return repeatable("REINDEX had no index to rebuild. It can run again.")
    if replaced == total:
        return done(words)
    return not_done(words) if not replaced else StatementEvidence(Effect.HALF, words, can_repeat=True)
