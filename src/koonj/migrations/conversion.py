"""Write the migrations of another tool as koonj's own files, in memory.

One file for each migration, in the tool's order: the statements as the tool runs them, in BEGIN and COMMIT if
the tool does so, and the rollback in comments.
"""

from __future__ import annotations

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
        text = _converted(migration)
        if isinstance(text, _Refusal):
            refused.append((migration.name, text.reason))
            continue
        raw = f"-- {name}\n-- Converted from {migration.tool}: {migration.up.file}\n\n{text}".encode()
        new = Migration(len(done) + 1, name, folder, shown_folder, raw, file_hash(raw))
        if why := _difference(migration, new):
            refused.append((migration.name, why))
        else:
            done.append((migration, new))
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


def _converted(migration: ToolMigration) -> str | _Refusal:
    """Return the text below the first comment, or why there is none."""
    for problem in (first_error(migration.refused), first_error(migration.body_problems)):
        if problem is not None:
            place = "" if problem.line is None else f"line {problem.line}: "
            return _Refusal(f"{place}{problem.message}")
    body = _script(migration.sections.body, migration.shape)
    if isinstance(body, _Refusal):
        return body
    rollback = _rollback(migration)
    return rollback if isinstance(rollback, _Refusal) else f"{body}\n{rollback}"


def _script(script: Script, shape: ScriptShape) -> str | _Refusal:
    if any(statement.copy_data is not None for statement in script.statements):
        return _Refusal("It has the rows of a COPY; write them as INSERT.")
    texts = [_ended(statement) for statement in script.statements]
    if shape.mode is Mode.ONE_TRANSACTION and not any(s.control for s in script.statements):
        texts = ["BEGIN;", *texts, "COMMIT;"]
    return "\n\n".join(texts) + "\n"


def _ended(statement: Statement) -> str:
    text = statement.text.strip()
    return text if text.endswith(";") else f"{text}\n;" if "--" in text.splitlines()[-1] else f"{text};"


def _rollback(migration: ToolMigration) -> str | _Refusal:
    script, shape = migration.sections.rollback, migration.rollback_shape
    if script is None or shape is None:
        return f"-- Rollback: none: {migration.tool} has none\n"
    problem = first_error(migration.rollback_problems)
    if problem is not None:
        return _Refusal(f"its rollback: {problem.message}")
    if not script.statements:
        return f"-- Rollback: nothing to undo: that of {migration.tool} has no statements\n"
    text = _script(script, shape)
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
