"""Write the migrations of another tool as koonj's own files, in memory.

One file for each migration, in the tool's order: the statements as the tool runs them, in BEGIN and COMMIT if
the tool does so, and the rollback in comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.migration import Migration
from koonj.migrations.names import file_name
from koonj.migrations.new import SlugError, slugify
from koonj.sql.file_hash import file_hash
from koonj.sql.problem import first_error
from koonj.sql.script import Script
from koonj.sql.statements import Statement
from koonj.sql.transactions import Mode, ScriptShape

_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Conversion:
    """What became of the migrations of a folder."""

    migrations: tuple[tuple[ToolMigration, Migration], ...]
    """Pairs of a migration of the tool and koonj's file, in the tool's order."""
    refused: tuple[tuple[str, str], ...]
    """Pairs (name, reason) of those that cannot be converted."""


def convert(migrations: Iterable[ToolMigration], folder: str, shown_folder: str) -> Conversion:
    """Convert all that can be. `folder`, `shown_folder`: where the files will be."""
    done: list[tuple[ToolMigration, Migration]] = []
    refused: list[tuple[str, str]] = []
    for migration in migrations:
        name = file_name(len(done) + 1, _DIGITS, _slug(migration))
        why = ""
        for with_comments in (True, False):  # a comment can mean something to koonj: then it is left out
            text = _converted(migration, with_comments=with_comments)
            if isinstance(text, _Refusal):
                why = text.reason
                break
            raw = f"-- {name}\n-- Converted from {migration.tool}: {migration.up.file}\n\n{text}".encode()
            new = Migration(len(done) + 1, name, folder, shown_folder, raw, file_hash(raw))
            why = _difference(migration, new)
            if not why:
                done.append((migration, new))
                break
        if why:
            refused.append((migration.name, why))
    return Conversion(tuple(done), tuple(refused))


@dataclass(frozen=True, slots=True)
class _Refusal:
    reason: str


def _slug(migration: ToolMigration) -> str:
    for words in (migration.words, migration.name.partition(".")[0]):
        try:
            return slugify(words)
        except SlugError:
            continue
    return "migration"


def _converted(migration: ToolMigration, *, with_comments: bool) -> str | _Refusal:
    """Return the text below the first comment, or why there is none."""
    for problem in (first_error(migration.refused), first_error(migration.body_problems)):
        if problem is not None:
            place = "" if problem.line is None else f"line {problem.line}: "
            return _Refusal(f"{place}{problem.message}")
    body = _script(migration.sections.body, migration.shape, with_comments=with_comments)
    if isinstance(body, _Refusal):
        return body
    rollback = _rollback(migration, with_comments=with_comments)
    return rollback if isinstance(rollback, _Refusal) else f"{body}\n{rollback}"


def _script(script: Script, shape: ScriptShape, *, with_comments: bool) -> str | _Refusal:
    if any(statement.copy_data is not None for statement in script.statements):
        return _Refusal("It has the rows of a COPY; write them as INSERT.")
    texts = [_ended(statement) for statement in script.statements]
    if with_comments:
        *above, last = _comments(script)
        texts = [f"{comment}{text}" for comment, text in zip(above, texts, strict=True)]
        texts += [last[:-1]] if last else []
    if shape.mode is Mode.ONE_TRANSACTION and not any(s.control for s in script.statements):
        texts = ["BEGIN;", *texts, "COMMIT;"]
    return "\n\n".join(texts) + "\n"


_COMMENT = re.compile(r"--[^\r\n]*|/\*.*?\*/", re.DOTALL)
_OF_TOOL = re.compile(
    r"--\s*(?:[-!>+]|migrate:|(?:up|down) migration|liquibase|changeset|comments?:|validchecksum|property|"
    r"precondition|ignore|rollback|depends:|transactional:|no-transaction|atlas:|deploy |revert |requires:|"
    r"conflicts:)",
    re.IGNORECASE,
)
"""Comments that mean something to a tool, or to koonj."""


def _comments(script: Script) -> Iterator[str]:
    """Yield the comments before each statement and after the last one, each with a line end, or empty."""
    text, at = script.source.text, 0
    for statement in script.statements:
        yield _written(text[at : statement.start])
        at = max(statement.end, (statement.copy_data or (0, 0))[1])
    yield _written(text[at:])


def _written(between: str) -> str:
    found = (comment.rstrip() for comment in _COMMENT.findall(between) if not _OF_TOOL.match(comment))
    return "".join(f"{comment}\n" for comment in found)


def _ended(statement: Statement) -> str:
    text = statement.text.strip()
    return text if text.endswith(";") else f"{text}\n;" if "--" in text.splitlines()[-1] else f"{text};"


def _rollback(migration: ToolMigration, *, with_comments: bool) -> str | _Refusal:
    script, shape = migration.sections.rollback, migration.rollback_shape
    if script is None or shape is None:
        return f"-- Rollback: none: {migration.none_reason or f'{migration.tool} has none for it'}\n"
    problem = first_error(migration.rollback_problems)
    if problem is not None:
        return _Refusal(f"its rollback: {problem.message}")
    if not script.statements:
        return f"-- Rollback: nothing to undo: that of {migration.tool} has no statements\n"
    text = _script(script, shape, with_comments=with_comments)
    if isinstance(text, _Refusal):
        return text
    return (
        "-- Rollback:\n" + "\n".join(f"-- {line}" if line else "--" for line in text[:-1].split("\n")) + "\n"
    )


def _difference(old: ToolMigration, new: Migration) -> str:
    """Return why the file does not run what the tool runs; empty if it does."""
    problem = first_error(new.problems)
    if problem is not None:
        return problem.message
    rollbacks = (old.sections.rollback, new.sections.rollback)
    for before, after in ((old.sections.body, new.sections.body), rollbacks):
        if _plain(before) != _plain(after):
            return "koonj would read its statements differently from the tool."
    if (old.shape.mode, new.shape.mode) in _SPLIT:
        return "koonj would run it in another transaction than the tool."
    return ""


_SPLIT = frozenset({(Mode.ONE_TRANSACTION, Mode.SEVERAL), (Mode.SEVERAL, Mode.ONE_TRANSACTION)})


def _plain(script: Script | None) -> Sequence[str]:
    return list(_texts(script)) if script is not None else []


def _texts(script: Script) -> Iterator[str]:
    """Yield the statements without transaction control, semicolons and white space at their ends."""
    for statement in script.statements:
        if statement.control is None:
            yield statement.text.strip().rstrip(";").strip()
