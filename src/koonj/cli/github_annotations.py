"""Format problems as workflow commands of GitHub Actions, which become annotations of a pull request.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
The characters to escape are those of the runner and of its toolkit (``packages/core/src/command.ts``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from koonj.cli.report_paths import ReportPaths
from koonj.migrations.folder import FileProblem
from koonj.sql.problem import Problem, Severity

_DATA = {ord("%"): "%25", ord("\r"): "%0D", ord("\n"): "%0A"}
_PROPERTY = {**_DATA, ord(":"): "%3A", ord(","): "%2C"}


def annotation_lines(problems: Iterable[FileProblem], paths: ReportPaths) -> Iterator[str]:
    """Yield one command for each problem. Without problems, nothing is printed."""
    for name, _, problem in problems:
        given = {"file": paths.path(name), **_place(problem), "title": problem.code}
        properties = ",".join(f"{key}={value.translate(_PROPERTY)}" for key, value in given.items())
        text = f"{problem.message}\n{problem.hint}" if problem.hint else problem.message
        yield f"::{_command(problem.severity)} {properties}::{text.translate(_DATA)}"


def _command(severity: Severity) -> str:
    return "notice" if severity is Severity.NOTE else severity.value


def _place(problem: Problem) -> dict[str, str]:
    """Return where the problem starts. koonj knows no end, and GitHub marks the line then."""
    where = {"line": problem.line, "col": problem.column if problem.line is not None else None}
    return {key: str(value) for key, value in where.items() if value is not None}
