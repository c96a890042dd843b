"""Find values of a partition key that belong to a partition."""

from __future__ import annotations

import re
from collections.abc import Iterator

from koonj.postgres.made_rows.tables import Column, Table, Types, base_type
from koonj.sql.tokens import TokenKind, significant


def partition_values(table: Table, types: Types, i: int) -> Iterator[dict[int, str]]:
    """Yield values of the partition key that are within the bounds of a partition, by attnum.

    First those of partition `i`, then those of the following ones; each also together with all earlier ones,
    because a partition can have partitions.
    """
    combined: dict[int, str] = {}
    for at in range(len(table.bounds)):
        part = table.bounds[(at + i - 1) % len(table.bounds)]
        key = part.key
        values, below = _bound_values(part.bound, (i - 1) // len(table.bounds))
        names = [n.strip().strip('"') for n in key[key.find("(") + 1 : key.rfind(")")].split(",")]
        found = {
            column.number: _within(column, types, value, below=below)
            for column in table.columns
            for name, value in zip(names, values, strict=False)
            if column.name == name
        }
        yield found
        combined = {**combined, **found}
        yield dict(combined)


def _within(column: Column, types: Types, value: str, *, below: bool) -> str:
    """Return a value of the partition key: a bound that belongs to the partition, or a value below it."""
    kind = base_type(types, column)
    if not below or kind is None:
        return f"{value}::{column.type_text}"
    if kind.category == "D":
        return f"({value}::{column.type_text} - '1 day'::pg_catalog.interval)::{column.type_text}"
    return f"({value}::{column.type_text} - 1)::{column.type_text}" if kind.category == "N" else "''"


def _bound_values(bound: str, turn: int) -> tuple[list[str], bool]:
    """Return constants of a partition's bound, and whether its values are below them.

    For example those of FOR VALUES FROM ('2024-01-01') TO …; but without a lower bound, those after TO.
    Of a list, the one whose `turn` it is.
    """
    inside = re.search(r"(?:FROM|IN) \((.*?)\)(?: TO|$)", bound)
    if inside is None:
        return [], False
    below = "MINVALUE" in inside[1]
    text = bound.rpartition(" TO ")[2] if below else inside[1]
    values = [t.text for t in significant(text) if t.kind in {TokenKind.STRING, TokenKind.NUMBER}]
    if values and bound.startswith("FOR VALUES IN"):
        values = [values[turn % len(values)]]
    return values, below
