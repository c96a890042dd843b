"""Apply the comments ``-- koonj: ignore CODE: reason`` to the findings of a file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from koonj.checks.catalogue import RULES
from koonj.checks.model import Finding
from koonj.checks.rules import references
from koonj.config.toml_file import did_you_mean
from koonj.sql.display import visible
from koonj.sql.ignores import Ignore
from koonj.sql.markers import MarkPlace
from koonj.sql.problem import Problem, Severity
from koonj.sql.sections import Sections
from koonj.sql.statements import Statement

BAD, UNUSED = "bad-ignore", "unused-ignore"
IGNORE_CODES = (BAD, UNUSED)
"""Codes of the problems of ignore comments."""
_OF_FOLDER = frozenset(rule.code for rule in references.RULES)
"""What one file alone does not show, so that it does not show either that a comment ignores nothing."""

_FORM = "Write '-- koonj: ignore CODE: reason'."


def without_ignored(
    findings: Sequence[Finding], ignores: Sequence[Ignore], statements: Sequence[Statement]
) -> Iterator[Finding]:
    """Yield the findings that no comment ignores, and the problems of the comments."""
    ignored = set[int]()
    for ignore in ignores:
        wrong = _mistake(ignore)
        if wrong is not None:
            yield wrong
            continue
        line = _line(ignore, statements)
        for code in ignore.codes:
            places = {
                place
                for place, finding in enumerate(findings)
                if finding.problem.code == code and (line is None or finding.statement_line == line)
            }
            ignored |= places
            if not places and code not in _OF_FOLDER:
                yield _unused(ignore, code)
    yield from (finding for place, finding in enumerate(findings) if place not in ignored)


def is_ignored(finding: Finding, sections: Sections) -> bool:
    """Return whether a comment of the file ignores a finding."""
    for ignore in sections.ignores:
        if finding.problem.code in ignore.codes and _mistake(ignore) is None:
            line = _line(ignore, sections.body.statements)
            if line is None or line == finding.statement_line:
                return True
    return False


def _line(ignore: Ignore, statements: Sequence[Statement]) -> int | None:
    """Return the line of the statement that the comment is about; None: it is about the whole file."""
    if ignore.place is MarkPlace.LEADING:
        return None
    if ignore.place is MarkPlace.BETWEEN:
        after = (one.line for one in statements if one.line > ignore.line and one.control is None)
        return next(after, 0)
    before = [one.line for one in statements if one.start <= ignore.start and one.control is None]
    return before[-1] if before else 0


def _mistake(ignore: Ignore) -> Finding | None:
    unknown = next((code for code in ignore.codes if code not in RULES), None)
    if unknown is not None:
        return _problem(
            ignore, f"Unknown code: {visible(unknown)}.", did_you_mean(unknown, _known(ignore.codes))
        )
    if not ignore.codes:
        return _problem(ignore, "No code follows 'ignore', so nothing is ignored.", _FORM)
    if not ignore.reason:
        return _problem(ignore, "The comment gives no reason, so nothing is ignored.", _FORM)
    return None


def _known(written: Collection[str]) -> tuple[str, ...]:
    return tuple(code for code in RULES if code not in written)


def _problem(ignore: Ignore, message: str, hint: str) -> Finding:
    problem = Problem(BAD, Severity.WARNING, message, hint, ignore.line, ignore.column)
    return Finding(problem, statement_line=ignore.line)


def _unused(ignore: Ignore, code: str) -> Finding:
    where = "in this file" if ignore.place is MarkPlace.LEADING else "in its statement"
    message = f"The comment ignores {code}, which koonj does not find {where}."
    hint = "Delete the comment, or move it to a separate line before the statement that it is about."
    return Finding(
        Problem(UNUSED, Severity.NOTE, message, hint, ignore.line, ignore.column), statement_line=ignore.line
    )
