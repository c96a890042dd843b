"""Format migration files, their statements and their problems as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from koonj.cli.diagnostics import ExitCode
from koonj.humanize import count
from koonj.migrations.folder import FileProblem, Folder
from koonj.migrations.migration import Migration
from koonj.sql.problem import Severity

if TYPE_CHECKING:
    from koonj.sql.transactions import ScriptShape

_DUPLICATE, _NO_ROLLBACK = "duplicate-number", frozenset({"no-rollback", "empty-rollback"})
_LINE_END = re.compile(r"\r\n|\n|\r")


def raw_text(migration: Migration, *, rollback: bool) -> bytes:
    """Return the bytes of the file, or of its rollback as SQL, which must exist.

    If the file has several migrations, only those of this one.
    """
    if not rollback:
        start, end = migration.own_text
        is_whole = (start, end) == (0, len(migration.text))
        return migration.raw if is_whole else f"{migration.text[start:end].rstrip()}\n".encode()
    script = migration.sections.rollback
    assert script is not None
    return script.source.text.encode()


def text_lines(migration: Migration, *, rollback: bool, numbers: bool) -> Iterator[str]:
    """Yield the lines of the file or of its rollback, maybe with line numbers."""
    text = raw_text(migration, rollback=rollback).decode("utf-8", "replace").removeprefix("\ufeff")
    lines = _LINE_END.split(text)
    first = migration.text.count("\n", 0, migration.own_text[0]) + 1
    if rollback and migration.sections.rollback is not None:
        first = migration.sections.rollback.locate(0)[0]
    for number, line in enumerate(lines if lines[-1] else lines[:-1], start=first):
        yield f"{number:>5}  {line}" if numbers else line


def statement_lines(shape: ScriptShape | None) -> Iterator[str]:
    """Yield how a script runs, then one line for each statement that koonj would send."""
    if shape is None:
        yield "no rollback"
        return
    yield shape.explanation
    number = 0
    for step in shape.steps:
        for statement in step.statements:
            number += 1
            outside = "" if step.in_transaction else " (outside a transaction)"
            yield f"{number}. line {statement.line}: {statement.summary}{outside}"
    if not number:
        yield "no statements"


def no_rollback(migration: Migration) -> str:
    """Return why a migration has no rollback that can be shown."""
    reason = migration.sections.none_reason
    if reason is not None:
        return f"{migration.name} cannot be rolled back: {reason}"
    if migration.shape.of_tool:
        return f"{migration.name} has no rollback."
    return f"{migration.name} has no `-- Rollback:`."


def check_lines(folder: Folder, problems: Iterable[FileProblem]) -> Iterator[str]:
    """Yield each problem with its hint, then a summary.

    The form of a problem is ``file:line:column: severity: message [code]``.
    """
    found = dict.fromkeys(Severity, 0)
    for _, path, problem in problems:
        found[problem.severity] += 1
        where = ":".join(str(part) for part in (path, problem.line, problem.column) if part is not None)
        yield f"{where}: {problem.severity}: {problem.message} [{problem.code}]"
        if problem.hint:
            yield f"    {problem.hint}"
        if problem.pattern is not None:
            from koonj.cli.offered_pattern import command_of  # noqa: PLC0415 - most files need none

            yield f"    To write it safely, run: {command_of(problem.pattern)}"
    totals = ", ".join(count(number, severity) for severity, number in found.items() if number)
    others = f" ({count(folder.other_files, 'other file')} ignored)" if folder.other_files else ""
    scope = f"{count(len(folder.migrations), 'migration')} in {folder.shown_path}{others}"
    yield f"{scope}: {totals or 'no problems'}"


def check_code(problems: Iterable[FileProblem]) -> ExitCode:
    """Return the exit code of `koonj check` for these problems."""
    serious = {problem.code for *_, problem in problems if problem.severity is Severity.ERROR}
    if serious - {_DUPLICATE}:
        return ExitCode.ERROR
    undecided = serious or any(problem.code in _NO_ROLLBACK for *_, problem in problems)
    return ExitCode.DECISION if undecided else ExitCode.OK
