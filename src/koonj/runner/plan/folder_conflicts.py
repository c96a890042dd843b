"""Errors of files, as the conflicts that stop a run."""

from __future__ import annotations

from collections.abc import Iterable

from koonj.migrations.folder import Folder
from koonj.runner.run.conflict import Conflict
from koonj.sql.problem import Problem, Severity


def problems_as_conflicts(file: str, name: str, problems: Iterable[Problem]) -> tuple[Conflict, ...]:
    """Return the errors among `problems` as conflicts, which cannot be allowed."""
    return tuple(
        Conflict(
            name,
            problem.code,
            f"{_position(file, problem)}: {problem.message}",
            problem.hint,
            can_allow=False,
            line=problem.line,
            column=problem.column,
        )
        for problem in problems
        if problem.severity is Severity.ERROR
    )


def folder_conflicts(folder: Folder) -> tuple[Conflict, ...]:
    """Return errors of files that koonj cannot read or run, as conflicts.

    One of these files might have to run first.

    Duplicate numbers are omitted: they are a state, and matter only while one of the files is pending.
    """
    problems = ((name, problem) for name, problem in folder.problems if problem.code != "duplicate-number")
    return tuple(c for name, problem in problems for c in problems_as_conflicts(name, name, (problem,)))


def _position(file: str, problem: Problem) -> str:
    parts = (file, problem.line, problem.column)
    return ":".join(str(part) for part in parts if part is not None)
