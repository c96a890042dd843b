"""The catalog queries: their names, columns, and text for a major version."""

from __future__ import annotations

from functools import cache

from koonj.postgres.queries import query_for

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


@cache
def statement(name: str, major: int) -> str:
    """Return the text of a catalog query for a server of that major version."""
    return query_for(f"catalog/{name}", major)
