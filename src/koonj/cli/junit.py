"""Format problems as JUnit XML, which GitLab, Jenkins and others read.

No standard defines the format. This is the part that all of them read: one suite, a test case for each file,
and at most one failure in each, because GitLab reads only the first. It is valid by the schema with which the
xUnit plugin of Jenkins refuses reports, junit-10.xsd in https://github.com/jenkinsci/xunit-plugin. It has no
attribute `file` of a test case, with which GitLab links the file, so that only a job of GitLab gets one.
https://docs.gitlab.com/ci/testing/unit_test_reports/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from koonj.cli.report_paths import ReportPaths
from koonj.humanize import count
from koonj.migrations.folder import FileProblem, Folder
from koonj.sql.problem import Problem, Severity

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document can contain, not even escaped: https://www.w3.org/TR/xml/#charsets."""
_SPECIAL = {ord(sign): f"&#{ord(sign)};" for sign in "&<>\"'\t\n\r"}


def junit_lines(folder: Folder, problems: Sequence[FileProblem], paths: ReportPaths) -> Iterator[str]:
    """Yield the lines of a JUnit report: errors and warnings are failures, notes are output."""
    of_file = _by_file(folder, problems)
    failed = sum(any(map(_is_failure, found)) for found in of_file.values())
    totals = f'tests="{len(of_file)}" failures="{failed}" errors="0"'
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f"<testsuites {totals}>"
    yield f'<testsuite name="koonj check" {totals} skipped="0">'
    group = _xml(paths.folder.as_posix())
    for name, found in of_file.items():
        path = paths.path(name)
        file = f' file="{_xml(path)}"' if paths.in_gitlab else ""
        yield f'<testcase name="{_xml(name)}" classname="{group}"{file}>'
        yield from _failure(path, [problem for problem in found if _is_failure(problem)])
        yield from _output(path, [problem for problem in found if not _is_failure(problem)])
        yield "</testcase>"
    yield "</testsuite>"
    yield "</testsuites>"


def _by_file(folder: Folder, problems: Iterable[FileProblem]) -> Mapping[str, list[Problem]]:
    """Return the problems of each migration, and of each file that could not be one."""
    of_file: dict[str, list[Problem]] = {migration.name: [] for migration in folder.migrations}
    for name, _, problem in problems:
        of_file.setdefault(name, []).append(problem)
    return of_file


def _is_failure(problem: Problem) -> bool:
    return problem.severity is not Severity.NOTE


def _failure(path: str, problems: Sequence[Problem]) -> Iterator[str]:
    if not problems:
        return
    first, others = problems[0], len(problems) - 1
    message = f"{first.message} (and {count(others, 'other problem')})" if others else first.message
    yield f'<failure type="{_xml(first.code)}" message="{_xml(message)}">'
    yield from _texts(path, problems)
    yield "</failure>"


def _output(path: str, problems: Sequence[Problem]) -> Iterator[str]:
    if problems:
        yield "<system-out>"
        yield from _texts(path, problems)
        yield "</system-out>"


def _texts(path: str, problems: Iterable[Problem]) -> Iterator[str]:
    for problem in problems:
        where = ":".join(str(part) for part in (path, problem.line, problem.column) if part is not None)
        yield _xml(f"{where}: {problem.severity}: {problem.message} [{problem.code}]")
        if problem.hint:
            yield _xml(f"    {problem.hint}")


def _xml(text: str) -> str:
    """Return text for an element or an attribute, in ASCII."""
    allowed = _FORBIDDEN.sub("\ufffd", text).translate(_SPECIAL)
    return allowed.encode("ascii", "xmlcharrefreplace").decode("ascii")
