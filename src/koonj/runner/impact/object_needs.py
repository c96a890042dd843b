"""The functions and types that a plan creates, alters and drops, and which of them the role may not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from psycopg import AsyncConnection

from koonj.postgres.object_rights import ObjectRefusal, object_rights
from koonj.postgres.target_rights import TargetRights
from koonj.runner.impact.rights import closed_words, remedy
from koonj.runner.run.planned import PlannedMigration
from koonj.sql.object_statement import ObjectAct, ObjectStatement, object_statements
from koonj.sql.parameter_change import changed_parameters
from koonj.sql.tokens import significant

_NEW = frozenset({ObjectAct.CREATE, ObjectAct.REPLACE})


@dataclass(frozen=True, slots=True)
class ObjectNeed:
    """A statement, and a function or a type that it names."""

    migration: str
    summary: str
    object: ObjectStatement


async def read_refused_objects(
    conn: AsyncConnection,
    migrations: Iterable[PlannedMigration],
    texts: Mapping[str, Mapping[int, str]],
    rights: TargetRights,
) -> tuple[str, ...]:
    """Read what the role may not do, and return what `refused_objects` yields.

    Raises: psycopg.Error.
    """
    needs = tuple(objects_needed(migrations, texts))
    if not needs:
        return ()
    refusals = await object_rights(conn, [need.object for need in needs])
    return tuple(refused_objects(needs, refusals, rights))


def objects_needed(
    migrations: Iterable[PlannedMigration], texts: Mapping[str, Mapping[int, str]]
) -> Iterator[ObjectNeed]:
    """Yield the functions and types of the statements that will run.

    Not those that a statement before has created, and whose owner is not known yet; nor names without a
    schema in a migration that changes the search_path. `texts`: the statements by number, by file name.
    """
    made: set[tuple[str, str]] = set()
    for migration in migrations:
        found = texts.get(migration.name, {})
        moves = any("search_path" in text.lower() and _sets_path(text) for text in found.values())
        for statement in migration.statements:
            if statement.index <= migration.statements_done:
                continue
            for one in object_statements(found.get(statement.index, "")):
                is_known = one.schema is not None or not moves
                if is_known and (one.act in _NEW or (one.kind, one.name) not in made):
                    yield ObjectNeed(migration.name, statement.summary, one)
                if one.act in _NEW:
                    made.add((one.kind, one.name))


def _sets_path(text: str) -> bool:
    return "search_path" in changed_parameters(list(significant(text)))


def refused_objects(
    needs: Sequence[ObjectNeed], refusals: Mapping[ObjectStatement, ObjectRefusal], rights: TargetRights
) -> Iterator[str]:
    """Yield a sentence for each reason for which PostgreSQL refuses statements of a migration."""
    told: set[tuple[str, str]] = set()
    for need in needs:
        refusal = refusals.get(need.object)
        reason = "" if refusal is None else _reason(need.object, refusal, rights)
        if reason and (need.migration, reason) not in told:
            told.add((need.migration, reason))
            yield f"{need.migration}: PostgreSQL will refuse '{need.summary}': {reason}"


def _reason(asked: ObjectStatement, refusal: ObjectRefusal, rights: TargetRights) -> str:
    if refusal.closed is not None:
        return closed_words(refusal.closed, rights.role)
    if refusal.owner is None:
        return ""
    belongs = (
        f"{asked.kind} {refusal.name} belongs to {refusal.owner.quoted}, and role {rights.role} does not "
    )
    return f"{belongs}have its rights. {remedy(refusal.owner, rights, asked.kind.upper())}"
