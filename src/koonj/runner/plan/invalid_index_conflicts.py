"""Find the planned statements that would take an INVALID index of the target for done."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import AsyncConnection

from koonj.postgres.errors import is_lost
from koonj.postgres.invalid_indexes import InvalidIndex, invalid_index_of
from koonj.runner.plan.work import Work
from koonj.runner.run.conflict import Conflict
from koonj.sql.index_statement import IndexStatement, index_statement
from koonj.sql.row_changes import plain_name
from koonj.sql.statements import Statement

_PREDICTABLE = frozenset({"create", "alter", "comment", "insert", "update", "delete", "grant", "revoke"})
"""Verbs of statements that neither change the search_path nor drop an index that they do not name."""
_CONTEXT = ("search_path", "schema", "role", "session")
"""Words in a SET that changes which table a name means."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A statement that depends on an index of the target, as far as the text shows."""

    work: Work
    statement: Statement
    parsed: IndexStatement


def uses_indexes(works: Sequence[Work]) -> bool:
    """Return whether a statement could take an INVALID index for done, as far as the text shows."""
    return next(_candidates(works), None) is not None


async def invalid_index_conflicts(conn: AsyncConnection, works: Sequence[Work]) -> tuple[Conflict, ...]:
    """Return a conflict for each statement that would take an INVALID index for done.

    If an earlier statement of the plan can drop, rebuild or create the index, there is no conflict: the run
    checks the index again when the statement has run.
    """
    conflicts = []
    for candidate in _candidates(works):
        try:
            invalid = await invalid_index_of(conn, candidate.parsed)
        except psycopg.Error as error:
            if is_lost(error):
                raise
            continue  # the server cannot read the name; it says so when the statement runs
        if invalid is not None:
            conflicts.append(_conflict(candidate, invalid))
    return tuple(conflicts)


def _is_repeated(work: Work) -> bool:
    """Return whether a statement runs again that perhaps failed before: no history has it."""
    if work.in_one_transaction:
        return False
    from koonj.migrations.layouts.tool_migration import ToolMigration  # noqa: PLC0415 - few folders need it

    return isinstance(work.migration, ToolMigration)


def _conflict(candidate: _Candidate, invalid: InvalidIndex) -> Conflict:
    work, line = candidate.work, candidate.statement.line
    message = f"{work.migration.shown_path}:{line}: {candidate.statement.summary}: {invalid.problem}"
    hint = invalid.repair
    if candidate.parsed.table and not candidate.parsed.if_not_exists:
        hint = f"The statement would fail: the name is taken. Run: DROP INDEX CONCURRENTLY {invalid.name};"
    return Conflict(work.migration.name, "invalid_index", message, hint, can_allow=False, line=line)


def _candidates(works: Iterable[Work]) -> Iterator[_Candidate]:
    earlier: list[str] = []
    words: set[str] = set()  # of `earlier`; a folder of 1,000 files has 1,000 indexes to look for
    for work in works:
        for numbered in (n for step in work.steps for n in step.statements):
            if numbered.index <= work.planned.statements_done:
                continue
            statement = numbered.statement
            parsed = index_statement(statement.text)
            if parsed is not None and parsed.index and not _is_named(parsed, words, earlier):
                if parsed.if_not_exists or not parsed.table or _is_repeated(work):
                    yield _Candidate(work, statement, parsed)
            elif not _is_predictable(statement):
                return
            earlier.append(statement.text.lower())
            words.update(_WORD.findall(earlier[-1]))


_WORD = re.compile(r"[\w$]+")


def _is_named(parsed: IndexStatement, words: Collection[str], earlier: Iterable[str]) -> bool:
    """Return whether the index or its table is in the texts `earlier`, which consist of `words`."""
    names = [plain_name(name).lower() for name in (parsed.index, parsed.table) if name]
    return any(name in words if _WORD.fullmatch(name) else _is_in(name, earlier) for name in names)


def _is_in(name: str, earlier: Iterable[str]) -> bool:
    """Return whether a name that is no single word, such as a quoted one with spaces, is in a text."""
    pattern = re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])")
    return any(pattern.search(text) for text in earlier)


def _is_predictable(statement: Statement) -> bool:
    if statement.verb == "drop":
        return statement.kind in {"index", "table", "view"}
    if statement.verb == "set":
        return not any(word in statement.text.lower() for word in _CONTEXT)
    return statement.verb in _PREDICTABLE
