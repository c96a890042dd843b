"""Inspect koonj.history and koonj.statement before anything is read from them or written to them.

Every role that is allowed to CREATE in the database can create a schema koonj. A view in the place of the
table, a trigger, a default or an index expression would run that role's code as the role that connected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from psycopg import AsyncConnection

from koonj.postgres.queries import query


class _Finding(NamedTuple):
    """A row of inspect_history.sql."""

    table: str | None
    """``history`` or ``statement``; None for kind ``schema``."""
    kind: str
    name: str | None
    owner: str | None
    """Owner; for kind ``relation`` the relkind, for ``type`` the type."""
    trusted: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why koonj does not use its tables, and what to do."""

    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found."""

    has_schema: bool
    has_table: bool
    """koonj.history exists."""
    has_statements: bool
    """koonj.statement exists. A history of an earlier version of koonj is without it."""
    refused_for_reading: Refusal | None
    refused_for_writing: Refusal | None
    """Also refused if a role could add a trigger between this inspection and the write."""
    may_read_errors: bool
    """Also True if the table has no column for them: the read then fails, and says so."""


async def inspect(conn: AsyncConnection) -> Inspection:
    """Inspect the schema and its tables with one query that reads only the catalog."""
    cursor = await conn.execute(query("inspect_history"))
    return inspected(await cursor.fetchall())


def inspected(answer: Iterable[Sequence[Any]]) -> Inspection:
    """Return what the rows of inspect_history.sql mean."""
    rows = [_Finding._make(row) for row in answer]
    owners = {row.table: row for row in rows if row.kind in _OWNED}
    foreign = [row for row in owners.values() if not row.trusted]
    found = [row for row in rows if row.kind not in _OWNED and row.kind != _ERRORS]
    return Inspection(
        has_schema=None in owners,
        has_table="history" in owners,
        has_statements="statement" in owners,
        refused_for_reading=_refusal(foreign, [row for row in found if row.kind != "grant"], owners),
        refused_for_writing=_refusal(foreign, found, owners),
        may_read_errors=all(row.trusted for row in rows if row.kind == _ERRORS),
    )


_ERRORS = "errors"
_OWNED = frozenset({"schema", "table"})


def _refusal(
    foreign: Sequence[_Finding], found: Sequence[_Finding], owners: Mapping[str | None, _Finding]
) -> Refusal | None:
    if foreign:
        return _foreign_owner(foreign[0])
    if not found:
        return None
    finding = found[0]
    what, removal = _described(finding)
    return Refusal(
        f"koonj.{finding.table} {what}. The table belongs to role {owners[finding.table].owner}. koonj does "
        "not use it, because it could run code of another role as the role that connected. Nothing was read "
        "or written.",
        removal,
    )


def _foreign_owner(finding: _Finding) -> Refusal:
    what = "Schema koonj" if finding.table is None else f"koonj.{finding.table}"
    return Refusal(
        f"{what} belongs to role {finding.owner}, which could run its code as the role that "
        "connected. koonj uses the history only if it belongs to the role that connected, to the owner of "
        "the database or to a superuser. Nothing was read or written.",
        f'If you trust {finding.owner}, connect as that role (role = "{finding.owner}" in koonj.toml), or '
        "change the owner: ALTER SCHEMA koonj OWNER TO …; ALTER TABLE "
        f"koonj.{finding.table or 'history'} OWNER TO …; "
        "If not, check the schema, then drop it: DROP SCHEMA koonj CASCADE;",
    )


_RELATIONS = {
    "v": "a view",
    "m": "a materialized view",
    "f": "a foreign table",
    "p": "a partitioned table",
    "c": "a composite type",
    "S": "a sequence",
    "i": "an index",
}

_DESCRIPTIONS = {
    "relation": (
        "is {relation}, not an ordinary table",
        "Check schema koonj, then drop it: DROP SCHEMA koonj CASCADE;",
    ),
    "trigger": ("has a trigger, {name}", "Remove it: DROP TRIGGER {quoted} ON {table};"),
    "rule": ("has a rule, {name}", "Remove it: DROP RULE {quoted} ON {table};"),
    "policy": (
        "has a policy for row-level security, {name}",
        "Remove it: DROP POLICY {quoted} ON {table};",
    ),
    "forced": ("forces row-level security", "Run: ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;"),
    "inheritance": (
        "is connected by inheritance to table {name}",
        "Disconnect them: ALTER TABLE {table} NO INHERIT … (or ALTER TABLE … NO INHERIT {table});",
    ),
    "default": (
        "has an unexpected default for column {name}",
        "Remove it: ALTER TABLE {table} ALTER COLUMN {quoted} DROP DEFAULT;",
    ),
    "generated": ("has a generated column, {name}", "Remove it: ALTER TABLE {table} DROP COLUMN {quoted};"),
    "type": (
        "has an unexpected type for column {name}: {owner}",
        "Check whether another version of koonj created the table. If not, restore it from a backup.",
    ),
    "constraint": (
        "has a constraint that calls a function, {name}",
        "Remove it: ALTER TABLE {table} DROP CONSTRAINT {quoted};",
    ),
    "index": (
        "has an index with an expression, a condition or an operator class of a user, {name}",
        "Remove it: DROP INDEX koonj.{quoted};",
    ),
    "statistics": ("has extended statistics, {name}", "Remove them with DROP STATISTICS."),
    "grant": (
        "lets role {name} create triggers on it",
        "Revoke the privilege: REVOKE TRIGGER ON {table} FROM {role};",
    ),
}
"""What a table has or is, and the way to remove it, by kind of finding."""


def _described(finding: _Finding) -> tuple[str, str]:
    name = finding.name or ""
    quoted = '"' + name.replace('"', '""') + '"'
    values = {
        "table": f"koonj.{finding.table}",
        "name": name,
        "quoted": quoted,
        "role": name if name == "PUBLIC" else quoted,
        "owner": finding.owner,
        "relation": _RELATIONS.get(finding.owner or "", "not a table"),
    }
    what, removal = _DESCRIPTIONS[finding.kind]
    return what.format(**values), removal.format(**values)
