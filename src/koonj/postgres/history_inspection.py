"""Inspect koonj.history before anything is read from it or written to it.

Every role that is allowed to CREATE in the database can create a schema koonj. A view in the place of the
table, a trigger, a default or an index expression would run that role's code as the role that connected.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from psycopg import AsyncConnection

from koonj.postgres.queries import query


class _Finding(NamedTuple):
    """A row of inspect_history.sql."""

    kind: str
    name: str | None
    owner: str | None
    """Owner; for kind ``relation`` the relkind, for ``type`` the type."""
    trusted: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why koonj does not use the history, and what to do."""

    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found."""

    has_schema: bool
    has_table: bool
    refused_for_reading: Refusal | None
    refused_for_writing: Refusal | None
    """Also refused if a role could add a trigger between this inspection and the write."""
    may_read_errors: bool
    """Also True if the table has no column for them: the read then fails, and says so."""


async def inspect(conn: AsyncConnection) -> Inspection:
    """Inspect the schema and the table with one query that reads only the catalog."""
    cursor = await conn.execute(query("inspect_history"))
    return inspected(await cursor.fetchall())


def inspected(answer: Iterable[Sequence[Any]]) -> Inspection:
    """Return what the rows of inspect_history.sql mean."""
    rows = [_Finding._make(row) for row in answer]
    owners = {row.kind: row for row in rows if row.kind in _OWNED}
    foreign = [row for row in owners.values() if not row.trusted]
    found = [row for row in rows if row.kind not in _OWNED and row.kind != _ERRORS]
    return Inspection(
        has_schema="schema" in owners,
        has_table="table" in owners,
        refused_for_reading=_refusal(foreign, [row for row in found if row.kind != "grant"], owners),
        refused_for_writing=_refusal(foreign, found, owners),
        may_read_errors=all(row.trusted for row in rows if row.kind == _ERRORS),
    )


_ERRORS = "errors"
_OWNED = {"schema": "Schema koonj", "table": "koonj.history"}


def _refusal(
    foreign: Sequence[_Finding], found: Sequence[_Finding], owners: dict[str, _Finding]
) -> Refusal | None:
    if foreign:
        return _foreign_owner(foreign[0])
    if not found:
        return None
    finding = found[0]
    what, removal = _described(finding)
    return Refusal(
        f"koonj.history {what}. The table belongs to role {owners['table'].owner}. koonj does not use it, "
        "because it could run code of another role as the role that connected. Nothing was read or written.",
        removal,
    )


def _foreign_owner(finding: _Finding) -> Refusal:
    return Refusal(
        f"{_OWNED[finding.kind]} belongs to role {finding.owner}, which could run its code as the role that "
        "connected. koonj uses the history only if it belongs to the role that connected, to the owner of "
        "the database or to a superuser. Nothing was read or written.",
        f'If you trust {finding.owner}, connect as that role (role = "{finding.owner}" in koonj.toml), or '
        "change the owner: ALTER SCHEMA koonj OWNER TO …; ALTER TABLE koonj.history OWNER TO …; "
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

_ALTER = "ALTER TABLE koonj.history"
_DESCRIPTIONS = {
    "relation": (
        "is {relation}, not an ordinary table",
        "Check schema koonj, then drop it: DROP SCHEMA koonj CASCADE;",
    ),
    "trigger": ("has a trigger, {name}", "Remove it: DROP TRIGGER {quoted} ON koonj.history;"),
    "rule": ("has a rule, {name}", "Remove it: DROP RULE {quoted} ON koonj.history;"),
    "policy": (
        "has a policy for row-level security, {name}",
        "Remove it: DROP POLICY {quoted} ON koonj.history;",
    ),
    "forced": ("forces row-level security", f"Run: {_ALTER} NO FORCE ROW LEVEL SECURITY;"),
    "inheritance": (
        "is connected by inheritance to table {name}",
        f"Disconnect them: {_ALTER} NO INHERIT … (or ALTER TABLE … NO INHERIT koonj.history);",
    ),
    "default": (
        "has an unexpected default for column {name}",
        f"Remove it: {_ALTER} ALTER COLUMN {{quoted}} DROP DEFAULT;",
    ),
    "generated": ("has a generated column, {name}", f"Remove it: {_ALTER} DROP COLUMN {{quoted}};"),
    "type": (
        "has an unexpected type for column {name}: {owner}",
        "Check whether another version of koonj created the table. If not, restore it from a backup.",
    ),
    "constraint": (
        "has a constraint that calls a function, {name}",
        f"Remove it: {_ALTER} DROP CONSTRAINT {{quoted}};",
    ),
    "index": (
        "has an index with an expression, a condition or an operator class of a user, {name}",
        "Remove it: DROP INDEX koonj.{quoted};",
    ),
    "statistics": ("has extended statistics, {name}", "Remove them with DROP STATISTICS."),
    "grant": (
        "lets role {name} create triggers on it",
        "Revoke the privilege: REVOKE TRIGGER ON koonj.history FROM {role};",
    ),
}
"""What koonj.history has or is, and the way to remove it, by kind of finding."""


def _described(finding: _Finding) -> tuple[str, str]:
    name = finding.name or ""
    quoted = '"' + name.replace('"', '""') + '"'
    values = {
        "name": name,
        "quoted": quoted,
        "role": name if name == "PUBLIC" else quoted,
        "owner": finding.owner,
        "relation": _RELATIONS.get(finding.owner or "", "not a table"),
    }
    what, removal = _DESCRIPTIONS[finding.kind]
    return what.format(**values), removal.format(**values)
