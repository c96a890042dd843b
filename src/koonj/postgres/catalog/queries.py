"""The catalog queries: their names, columns, and text for a major version."""

from __future__ import annotations

import re
from functools import cache

from koonj.postgres.queries import query

OBJECTS = (
    "schemas", "extensions", "tables", "views", "types", "sequences", "functions", "aggregates",
    "indexes", "statistics", "publications", "subscriptions", "event_triggers", "casts", "collations",
    "operators", "text_search", "foreign", "languages",
)  # fmt: skip
"""Columns: class, oid, kind, identity, definition, parent's class, parent's oid, owner, acl, default acl."""

PARTS = ("columns", "constraints", "parameters", "triggers", "rules", "policies")
"""Columns: class, oid, parent's class, parent's oid, kind, name, definition, position."""

NOTES = ("comments", "labels")
"""Columns: class, oid, column, text; for labels also the provider."""

DEPENDENCIES = ("dependencies",)
"""Columns: class, oid, extension."""

GRANTS = ("column_grants", "outside_grants", "default_privileges")
"""Columns of the first: class, oid, column, acl. Of the others: identity, owner, acl, default acl."""

_MARK = re.compile(r"^(.*?)\s*--: (?:(?P<least>\d+)(?:\+|-(?P<most>\d+))|<(?P<below>\d+))$")


@cache
def statement(name: str, major: int) -> str:
    """Return the text of a catalog query for a server of that major version.

    A line that ends in ``--: 15+``, ``--: 15-16`` or ``--: <18`` is only for those versions.
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
