"""Which of the constraints that are NOT VALID the applied migrations have added.

A database can have others: another program added them, or their owner never validates them on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from koonj.migrations.migration import Migration
from koonj.migrations.migration_status import MigrationStatus
from koonj.postgres.leftovers import Leftover

_NOT_VALID = re.compile(rb"\bnot\s+valid\b", re.IGNORECASE)
_VALIDATE = re.compile(rb"\bvalidate\s+constraint\b", re.IGNORECASE)


def of_applied(leftovers: Iterable[Leftover], statuses: Sequence[MigrationStatus]) -> tuple[Leftover, ...]:
    """Return the leftovers without the constraints that no applied migration has added.

    A constraint has the names of the file that added it, and of a pending file that validates it.
    """
    adding = tuple(_statements((s.migration for s in statuses if s.applied), _NOT_VALID))
    validating = tuple(_statements((s.migration for s in statuses if not s.applied), _VALIDATE))
    return tuple(_known(leftovers, adding, validating))


def _known(
    leftovers: Iterable[Leftover], adding: Sequence[tuple[str, str]], validating: Sequence[tuple[str, str]]
) -> Iterator[Leftover]:
    for leftover in leftovers:
        if leftover.kind != "constraint":
            yield leftover
            continue
        added_by = next((file for file, text in adding if _adds(text, leftover)), "")
        validated_by = next((file for file, text in validating if _names(text, leftover.name)), "")
        if added_by:
            yield replace(leftover, added_by=added_by, validated_by=validated_by)


def _statements(
    migrations: Iterable[Migration | None], pattern: re.Pattern[bytes]
) -> Iterator[tuple[str, str]]:
    """Yield file and text of the statements in which the pattern is. Other files are not parsed."""
    for migration in migrations:
        if migration is None or not pattern.search(migration.raw):
            continue
        for step in migration.shape.steps:
            for statement in step.statements:
                if pattern.search(statement.text.encode(errors="surrogatepass")):
                    yield migration.name, statement.text


def _adds(text: str, leftover: Leftover) -> bool:
    """Return whether a statement with NOT VALID adds the constraint: it names it, or PostgreSQL did."""
    if _names(text, leftover.name):
        return True
    has_names = re.search(r"\bconstraint\b", text, re.IGNORECASE) is not None
    return not has_names and _names(text, leftover.table.rpartition(".")[2])


def _names(text: str, quoted: str) -> bool:
    """Return whether a text has an identifier, which is quoted if PostgreSQL requires that."""
    if quoted.startswith('"'):
        return quoted in text
    return re.search(rf"(?<![\w$]){re.escape(quoted)}(?![\w$])", text, re.IGNORECASE) is not None
