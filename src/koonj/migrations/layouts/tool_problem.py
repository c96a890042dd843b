"""Problems of the files of another tool."""

from __future__ import annotations

from koonj.sql.problem import Problem, Severity

CODE = "tool-file"


def tool_error(message: str, hint: str, line: int | None = None, column: int | None = None) -> Problem:
    """Return why koonj shows a migration and does not run it. `line` and `column` are 1-based."""
    return Problem(CODE, Severity.ERROR, message, hint, line, column)


def tool_warning(message: str, hint: str, line: int | None = None, column: int | None = None) -> Problem:
    """Return why a file is not in the list, or what the tool would say. `line` and `column` are 1-based."""
    return Problem(CODE, Severity.WARNING, message, hint, line, column)


def tool_note(message: str, hint: str) -> Problem:
    """Return that the tool passes over a file, so that it is not in the list."""
    return Problem(CODE, Severity.NOTE, message, hint)


def same_number(first: str, tool: str) -> Problem:
    """Return the problem of a second file with the number of the file `first`, which the tool refuses."""
    return tool_warning(
        f"{first} has the same number, so {tool} refuses the folder.", "Give one of them another number."
    )
