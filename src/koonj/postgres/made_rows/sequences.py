"""Read the positions of sequences, and move the sequences behind made-up rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from psycopg import AsyncConnection, sql
from psycopg.rows import tuple_row

from koonj.postgres.made_rows.tables import quoted
from koonj.postgres.queries import query

_STEPS = 5057
"""How far a sequence is moved that belongs to no column."""
_DELETED = 3
"""How far the sequence of a column is moved behind its greatest value, as if the last rows were deleted."""


@dataclass(frozen=True, slots=True)
class SequenceOwner:
    """The column that owns a sequence or uses it as its default."""

    schema: str
    table: str
    column: str
    plain: str
    """Schema, table and column, quoted where SQL requires it."""


@dataclass(frozen=True, slots=True)
class DatabaseSequence:
    """A sequence of a scratch database."""

    schema: str
    name: str
    plain: str
    """Name with its schema, quoted where SQL requires it."""
    last: int
    """The last value that was taken; if none was taken, the first one."""
    increment: int
    owner: SequenceOwner | None


async def read_sequences(conn: AsyncConnection) -> tuple[DatabaseSequence, ...]:
    """Return all sequences, in the order of their creation.

    Raises: psycopg.Error.
    """
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query("scratch/sequences"), prepare=False)
        return tuple(
            DatabaseSequence(
                schema, name, plain, last, increment, SequenceOwner(*owner) if owner[0] else None
            )
            for schema, name, plain, last, increment, *owner in await cursor.fetchall()
        )


async def read_positions(conn: AsyncConnection) -> Mapping[str, tuple[int, int]]:
    """Return next value and increment of each sequence, by its name and by the column that owns it.

    Raises: psycopg.Error.
    """
    sequences = await read_sequences(conn)
    if not sequences:
        return {}
    positions = {}
    async with conn.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(" UNION ALL ".join(_position_queries(sequences)).encode(), prepare=False)
        for at, following in await cursor.fetchall():
            one = sequences[at]
            positions[one.plain] = int(following), one.increment
            if one.owner is not None:
                positions[f"column {one.owner.plain}"] = int(following), one.increment
    return positions


def _position_queries(sequences: tuple[DatabaseSequence, ...]) -> Iterator[str]:
    for at, one in enumerate(sequences):
        yield (
            f"(SELECT {at}, s.last_value::pg_catalog.numeric "
            f"+ CASE WHEN s.is_called THEN {one.increment} ELSE 0 END "
            f"FROM {quoted(one.schema)}.{quoted(one.name)} AS s)"
        )


def moves(sequence: DatabaseSequence) -> list[str]:
    """Return statements that move a sequence: behind the greatest value of its column, or some steps further.

    ALTER SEQUENCE, because its effect ends with the transaction, unlike that of setval alone.
    """
    identifier, owner = sql.Identifier(sequence.schema, sequence.name), sequence.owner
    further = [
        sql.SQL("ALTER SEQUENCE {} RESTART WITH {}")
        .format(identifier, sql.Literal(sequence.last + steps * sequence.increment))
        .as_string()
        for steps in (_STEPS, 1)
    ]
    if owner is None or sequence.increment < 0:
        return further
    behind = sql.SQL("DO {}").format(
        sql.Literal(
            sql.SQL("BEGIN EXECUTE pg_catalog.format('ALTER SEQUENCE %s RESTART WITH %s', {}, {}); END")
            .format(
                sql.Literal(identifier.as_string()),
                sql.SQL("(SELECT greatest(max({})::bigint, {}) + {} FROM {})").format(
                    sql.Identifier(owner.column),
                    sql.Literal(sequence.last),
                    sql.Literal(_DELETED * sequence.increment),
                    sql.Identifier(owner.schema, owner.table),
                ),
            )
            .as_string()
        )
    )
    return [behind.as_string(), *further]


def take_value(sequence: DatabaseSequence) -> str:
    """Return a statement that takes a value of a sequence."""
    name = sql.Identifier(sequence.schema, sequence.name).as_string()
    text = sql.SQL("SELECT pg_catalog.nextval({}::pg_catalog.regclass)")
    return text.format(sql.Literal(name)).as_string()
