"""The rights that the statements of a plan need, and which of them the role of the target does not have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from koonj.humanize import listed
from koonj.postgres.locks.trace import LockMode, StatementTrace
from koonj.postgres.target_rights import Owner, RightsAsked, TargetRights
from koonj.runner.run.planned import PlannedMigration
from koonj.sql.privileged_statement import Privileged, PrivilegedStatement, privileged_statement

_TABLES = frozenset({"table", "partitioned table", "foreign table"})
_POLICY = re.compile(r"(create|alter|drop) policy\b")
_MOST = 3
"""Relations that a sentence names."""


class Right(StrEnum):
    """What a statement does to a relation."""

    ALTER = "alter"
    DROP = "drop"
    CREATE = "create"
    REFERENCE = "reference"
    """A new foreign key refers to it."""


@dataclass(frozen=True, slots=True)
class Need:
    """A right that a statement needs: on a relation, or to create something else."""

    migration: str
    summary: str
    relation: str = ""
    """Qualified and quoted for SQL."""
    right: Right | None = None
    other: PrivilegedStatement | None = None


def rights_needed(
    migration: PlannedMigration, traces: Iterable[StatementTrace], texts: Mapping[int, str], made: set[str]
) -> Iterator[Need]:
    """Yield what the statements of a migration that will run need.

    `texts`: of all statements, by their number. `made`: relations that migrations before it create; nobody
    knows yet whose they will be. Those of this migration are added.
    """
    for statement in migration.statements:
        text = texts.get(statement.index, "") if statement.index > migration.statements_done else ""
        if (other := privileged_statement(text)) is not None:
            yield Need(migration.name, statement.summary, other=other)
    for trace in traces:
        for relation, right in sorted(_relations(trace)):
            if right is Right.CREATE or relation not in made:
                yield Need(migration.name, trace.summary, relation, right)
        made |= _made(trace)


def made_by(traces: Iterable[StatementTrace]) -> set[str]:
    """Return the relations that these statements create."""
    return set().union(*map(_made, traces))


def _made(trace: StatementTrace) -> set[str]:
    return {change.relation for change in trace.relations if change.change == "created"}


def _relations(trace: StatementTrace) -> set[tuple[str, Right]]:
    altered = {column.relation for column in trace.columns}
    altered |= {constraint.relation for constraint in trace.constraints if constraint.kind != "trigger"}
    found: set[tuple[str, Right]] = set()
    for change in trace.relations:
        if change.of is not None:  # an index belongs to the owner of its table
            altered |= {change.of} if change.change in {"created", "dropped"} else set()
        elif change.change == "created":
            found.add((change.relation, Right.CREATE))
        elif change.change == "dropped" and change.kind in _TABLES:
            found.add((change.relation, Right.DROP))
    altered |= _secured(trace)
    return found | {(name, Right.ALTER) for name in altered} | _referenced(trace, altered)


def _secured(trace: StatementTrace) -> set[str]:
    """Return the tables whose policies or row security the statement changes: it locks nothing else so."""
    words = trace.summary
    if not (_POLICY.match(words) or (words.startswith("alter table") and " row level security" in words)):
        return set()
    return {lock.relation for lock in trace.locks if lock.mode is LockMode.ACCESS_EXCLUSIVE}


def _referenced(trace: StatementTrace, altered: set[str]) -> set[tuple[str, Right]]:
    """Return the tables to which a new foreign key refers: nothing else of its statement locks them so."""
    added = {c.kind for c in trace.constraints if c.change in {"added", "added_not_valid"}}
    if "foreign key" not in added:
        return set()
    locked = {lock.relation for lock in trace.locks if lock.mode is LockMode.SHARE_ROW_EXCLUSIVE}
    return {(name, Right.REFERENCE) for name in locked - altered}


def rights_asked(needs: Sequence[Need]) -> RightsAsked:
    """Return what to ask the target."""
    relations = {right: frozenset(need.relation for need in needs if need.right is right) for right in Right}
    others = [need.other for need in needs if need.other is not None]
    return RightsAsked(
        altered=relations[Right.ALTER],
        dropped=relations[Right.DROP],
        created=relations[Right.CREATE],
        referenced=relations[Right.REFERENCE],
        extensions={one.name: one.version for one in others if one.kind is Privileged.EXTENSION},
    )


def refused_rights(needs: Sequence[Need], found: TargetRights) -> Iterator[str]:
    """Yield a sentence for each reason for which PostgreSQL refuses statements of a migration.

    What a migration before it names is not named again.
    """
    told: set[tuple[str, str]] = set()
    for migration in dict.fromkeys(need.migration for need in needs):
        reasons: dict[str, list[Need]] = {}
        for need in (one for one in needs if one.migration == migration):
            reason = _reason(need, found)
            thing = need.relation if need.right is not Right.CREATE else ""
            if reason and (reason, thing) not in told:
                told.add((reason, thing))
                reasons.setdefault(reason, []).append(need)
        for reason, refused in reasons.items():
            relations = tuple(dict.fromkeys(need.relation for need in refused))
            words = reason.replace("{belong}", "belongs" if len(relations) == 1 else "belong")
            words = words.replace("{relations}", listed(relations, _MOST))
            yield f"{migration}: PostgreSQL will refuse '{refused[0].summary}': {words}"


def _reason(need: Need, found: TargetRights) -> str:
    """Return why it is refused and what to do, with ``{relations}`` for the names; empty if it is allowed."""
    if need.other is not None:
        return _other(need.other, found)
    role, relation = found.role, need.relation
    if need.right is Right.CREATE and (schema := found.closed.get(relation)) is not None:
        return closed_words(schema, role)
    if need.right is Right.REFERENCE and relation in found.unreferenced:
        grant = f"GRANT REFERENCES ON {relation} TO {role};"
        return f"role {role} may not refer to {{relations}}. Needed once, from its owner: {grant}"
    if need.right in {Right.ALTER, Right.DROP} and (owner := found.owners.get(relation)) is not None:
        belongs = f"{{relations}} {{belong}} to {owner.quoted}, and role {role} does not have its rights."
        return f"{belongs} {remedy(owner, found)}"
    return ""


def closed_words(schema: str, role: str) -> str:
    """Return that a role may not create in a schema, and what to do. Both are quoted for SQL."""
    grant = f"GRANT CREATE ON SCHEMA {schema} TO {role};"
    return f"role {role} may not create in schema {schema}. Needed once: {grant}"


def remedy(owner: Owner, found: TargetRights, kind: str = "TABLE") -> str:
    """Return what to do about an object of this kind that belongs to somebody else."""
    setting = f"role = {json.dumps(owner.name, ensure_ascii=False)} for this target in koonj.toml"
    if owner.may_become:
        return f"Set {setting}."
    if owner.superuser:
        return f"Connect as {owner.quoted}, or once, as a superuser: ALTER {kind} … OWNER TO {found.role};"
    if found.inherits:
        return f"Connect as {owner.quoted}, or once: GRANT {owner.quoted} TO {found.role};"
    return (
        f"Connect as {owner.quoted}, or once: GRANT {owner.quoted} TO {found.login}; and, because "
        f"{found.role} is NOINHERIT, set {setting}."
    )


def _other(needed: PrivilegedStatement, found: TargetRights) -> str:
    role, database = found.role, found.database
    grant = f"Needed once: GRANT CREATE ON DATABASE {database} TO {role};"
    if needed.kind is Privileged.SCHEMA:
        may = found.create_in_database
        return "" if may else f"role {role} may not create schemas in database {database}. {grant}"
    if needed.kind is Privileged.ROLE:
        words = f"role {role} may not create or drop roles. Needed once: ALTER ROLE {role} CREATEROLE;"
        return "" if found.create_roles else words
    refused = found.extensions.get(needed.name)
    if refused is None:
        return ""
    if refused.trusted:
        return f"extension {needed.name} needs the right to create in database {database}. {grant}"
    who = "a superuser" if refused.group is None else f"a superuser or a member of {refused.group}"
    return (
        f"only {who} may create extension {needed.name}, and role {role} is none. Let one create it, and "
        "write CREATE EXTENSION IF NOT EXISTS."
    )
