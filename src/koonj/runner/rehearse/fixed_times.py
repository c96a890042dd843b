"""Find times that are fixed when a migration runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from koonj.postgres.catalog.catalog import CatalogObject, ObjectName

_TIME = re.compile(r"'(?P<day>\d{4}-\d\d-\d\d)[^']*'::(?:date|timestamp)")
"""A constant time, as PostgreSQL prints it in a definition."""
_NEAR = timedelta(days=2)
"""Distance of ``yesterday`` and ``tomorrow`` from now, with room for time zones."""
_PARTS = frozenset({"comment", "grant"})


def fixed_times(
    before: Mapping[ObjectName, CatalogObject], after: Mapping[ObjectName, CatalogObject], text: str
) -> tuple[ObjectName, ...]:
    """Return objects of `after` that contain a time from about now that `text` does not contain.

    PostgreSQL replaces ``'now'::timestamptz`` by the time itself when it creates a view or a default.
    """
    now = datetime.now(UTC)
    found = []
    for name, one in after.items():
        if name.kind in _PARTS or (name in before and before[name].definition == one.definition):
            continue
        days = {match["day"] for match in _TIME.finditer(one.definition)}
        if any(day not in text and _is_near(day, now) for day in days):
            found.append(name)
    return tuple(sorted(found, key=lambda name: (name.kind, name.identity)))


def _is_near(day: str, now: datetime) -> bool:
    try:
        then = datetime.fromisoformat(day).replace(tzinfo=UTC)
    except ValueError:  # such as 9999-99-99 in a text
        return False
    return abs(now - then) < _NEAR + timedelta(days=1)
