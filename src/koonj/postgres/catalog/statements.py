"""The catalog queries: which there are, what their rows mean, and their text for one major version."""

from __future__ import annotations

import re
from functools import cache

from koonj.postgres.queries import query

OBJECTS = (
    "schemas", "extensions", "tables", "views", "types", "sequences", "functions", "aggregates",
    "indexes", "statistics", "publications", "subscriptions", "event_triggers", "casts", "collations",
    "operators", "text_search", "foreign", "languages",
)  # fmt: skip
"""Rows: class, oid, kind, identity, definition, parent's class, parent's oid, owner, acl, acl by default."""

PARTS = ("columns", "constraints", "parameters", "triggers", "rules", "policies")
"""Rows: class, oid, parent's class, parent's oid, kind, name, definition, place."""

NOTES = ("comments", "labels")
"""Rows: class, oid, column, text; of a label also its provider."""

GRANTS = ("column_grants", "outside_grants", "default_privileges")
"""Rows of the first: class, oid, column, acl; of the others: identity, owner, acl, acl by default."""

_MARK = re.compile(r"^(.*?)\s*--: (?:(?P<least>\d+)(?:\+|-(?P<most>\d+))|<(?P<below>\d+))$")


@cache
def statement(name: str, major: int) -> str:
    """The query of that name for a server of that major version.

    A line that ends in ``--: 15+``, ``--: 15-16`` or ``--: <18`` is only for those.
    """
    lines = (_for_major(line, major) for line in query(f"catalog/{name}").splitlines())
    return "\n".join(line for line in lines if line is not None)


def _for_major(line: str, major: int) -> str | None:
    mark = _MARK.match(line)
    if mark is None:
        return line
    least, below = int(mark["least"] or 0), int(mark["below"] or 0)
    most = int(mark["most"]) if mark["most"] else below - 1 if below else major
    return mark[1] if least <= major <= most else None
