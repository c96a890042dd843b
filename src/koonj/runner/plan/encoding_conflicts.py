"""Find text in a plan that the target cannot store in its encoding."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace

from psycopg import AsyncConnection

from koonj.migrations.migration import Migration
from koonj.postgres.encoding import encoding_of, untranslatable
from koonj.runner.plan.planner import PreparedPlan
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.request import Request
from koonj.sql.source import Source

STATE = "not_in_encoding"
"""State of these conflicts, as in JSON."""


async def with_encoding_conflicts(
    conn: AsyncConnection, prepared: PreparedPlan, request: Request
) -> PreparedPlan:
    """Return the plan with a conflict for each text that the target cannot store.

    The server converts every statement, with its comments, and the history stores the whole file, its name
    and the reasons. Sends no query if the encoding of the target stores all characters.

    Raises: psycopg.Error.
    """
    decided = (decision.status.migration for decision in prepared.decisions)
    migrations = [work.migration for work in prepared.works] + [m for m in decided if m is not None]
    reasons = request.reasons
    texts = [text for m in migrations for text in (m.name, m.text)]
    missing = await untranslatable(conn, "".join([*texts, *reasons]))
    if not missing:
        return prepared
    found = tuple(_conflicts(migrations, reasons, missing, encoding_of(conn)))
    return replace(prepared, plan=replace(prepared.plan, conflicts=(*prepared.plan.conflicts, *found)))


def _conflicts(
    migrations: Sequence[Migration], reasons: Sequence[str], missing: frozenset[str], encoding: str
) -> Iterator[Conflict]:
    where = f"The target cannot store it: its encoding is {encoding}."
    for migration in {migration.name: migration for migration in migrations}.values():
        name, file = migration.name, migration.shown_path
        if (found := _first(name, missing)) is not None:
            message = f"The file name {name} contains {_named(name[found])}. {where}"
            yield Conflict(name, STATE, message, "Rename the file.", can_allow=False)
        if (found := _first(migration.text, missing)) is not None:
            at = Source(migration.text).position(found)
            message = (
                f"{file}:{at.line}:{at.column}: The file contains {_named(migration.text[found])}. {where}"
            )
            hint = "Replace the character, in a comment too: the history stores the whole file."
            yield Conflict(name, STATE, message, hint, can_allow=False, line=at.line, column=at.column)
    for reason in reasons:
        if (found := _first(reason, missing)) is not None:
            message = f"The reason contains {_named(reason[found])}. {where}"
            yield Conflict("", STATE, message, "Use another character in the reason.", can_allow=False)


def _first(text: str, missing: frozenset[str]) -> int | None:
    return next((at for at, character in enumerate(text) if character in missing), None)


def _named(character: str) -> str:
    """Return a character as text: ``€ (U+20AC EURO SIGN)``."""
    name = unicodedata.name(character, "")
    return f"{character} ({f'U+{ord(character):04X} {name}'.strip()})"
