"""Find everything that a statement demands of rows."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.postgres.demands import (
    cast,
    check,
    domain,
    exclusion,
    foreign_key,
    generated,
    not_null,
    partition,
    unique,
)
from koonj.postgres.demands.change import Change
from koonj.postgres.demands.demand import Demand

_FAMILIES = (cast, generated, not_null, domain, check, partition, unique, exclusion, foreign_key)
"""In the order in which a statement would fail, more or less: what it computes comes first."""


def find(change: Change) -> Iterator[Demand]:
    """Yield the demands of one statement."""
    for family in _FAMILIES:
        yield from family.demands(change)
