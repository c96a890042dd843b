"""Read the bounds of partitions."""

from __future__ import annotations

import re

from koonj.sql.tokens import TokenKind, significant


def bound_values(bound: str, turn: int) -> tuple[list[str], bool]:
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
