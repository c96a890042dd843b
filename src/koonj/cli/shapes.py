"""Return values in the JSON form that docs/json.md documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from koonj.migrations.folder import FileProblem, Folder
from koonj.migrations.migration import Migration
from koonj.runner.run.codec import to_plain
from koonj.sql.problem import Problem
from koonj.sql.transactions import ScriptShape

if TYPE_CHECKING:
    from koonj.patterns.pattern import Pattern


def error_shape(message: str, hint: str) -> dict[str, Any]:
    """Return the JSON form of the error of a command that could not give its report."""
    return {"error": {"message": message, "hint": hint}}


def migration_shape(migration: Migration, problems: Iterable[Problem]) -> dict[str, Any]:
    """Return the JSON form of a migration file, with its problems and findings."""
    sections = migration.sections
    return {
        "number": migration.number,
        "name": migration.name,
        "path": migration.shown_path,
        "description": sections.description,
        "settings": {setting.name: setting.value for setting in sections.settings},
        "file_hash": migration.file_hash,
        "text": migration.text,
        "body": _script_shape(sections.body.source.text, migration.shape),
        "rollback": (
            None
            if sections.rollback is None
            else _script_shape(sections.rollback.source.text, migration.rollback_shape)
        ),
        "rollback_none": sections.none_reason,
        "rollback_nothing_to_undo": sections.nothing_reason,
        "problems": [_bare_problem(problem) for problem in problems],
    }


def _script_shape(text: str, shape: ScriptShape | None) -> dict[str, Any] | None:
    if shape is None:
        return None
    sent = ((step.in_transaction, statement) for step in shape.steps for statement in step.statements)
    return {
        "mode": shape.mode.value,
        "explanation": shape.explanation,
        "text": text,
        "statements": [
            {
                "index": index,
                "line": statement.line,
                "column": statement.column,
                "summary": statement.summary,
                "in_transaction": in_transaction,
                "text": statement.text,
            }
            for index, (in_transaction, statement) in enumerate(sent, start=1)
        ],
    }


def check_shape(folder: Folder, problems: Iterable[FileProblem]) -> dict[str, Any]:
    """Return the JSON report of `koonj check`."""
    return {
        "folder": folder.shown_path,
        "migrations": len(folder.migrations),
        "other_files": folder.other_files,
        "problems": [problem_shape(name, path, problem) for name, path, problem in problems],
    }


def problem_shape(name: str, path: str, problem: Problem) -> dict[str, Any]:
    """Return the JSON form of a problem, with the name and path of its file."""
    return {"name": name, "path": path, **_bare_problem(problem)}


def _bare_problem(problem: Problem) -> dict[str, Any]:
    shape: dict[str, Any] = to_plain(problem)
    if problem.pattern is not None:
        from koonj.cli.offered_pattern import command_of  # noqa: PLC0415 - most files need none

        shape["pattern"] = {**shape["pattern"], "command": command_of(problem.pattern)}
    return shape


def pattern_shape(pattern: Pattern) -> dict[str, Any]:
    """Return the JSON form of a pattern, without its templates."""
    return {
        "key": pattern.key,
        "title": pattern.title,
        "description": pattern.description,
        "group": pattern.group,
        "words": list(pattern.words),
        "later": pattern.later,
        "path": str(pattern.path),
        "fields": [to_plain(field) for field in pattern.fields],
        "file_names": [file.slug_template for file in pattern.files],
    }
