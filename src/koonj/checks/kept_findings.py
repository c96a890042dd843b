"""What the rules find in the text of one file, kept in the parse cache.

The rules are imported when the first file needs them: most files surely have no finding.
"""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from koonj.checks.model import Claim, Finding
from koonj.migrations.kept_value import Form, kept, problem_of
from koonj.migrations.migration import Migration
from koonj.sql.problem import first_error


def _finding(plain: list[Any]) -> Finding:
    problem, table, condition, claim, line, before, in_rollback = plain
    return Finding(problem_of(problem), table, tuple(condition), Claim(claim), line, before, in_rollback)


FINDINGS: Form[tuple[Finding, ...]] = Form(
    lambda found: [[*astuple(finding)] for finding in found] or False,
    lambda plain: () if plain is False else tuple(map(_finding, plain)),
)


@kept(FINDINGS)
def check_findings(migration: Migration) -> tuple[Finding, ...]:
    """Return what the rules find in a file, as far as its text alone shows it, by line.

    A file with an error has no findings: what koonj would run is not known then.
    """
    if first_error(migration.problems) is not None or _surely_nothing(migration):
        return ()
    from koonj.checks.findings import find  # noqa: PLC0415 - as above

    return find(migration)


def _surely_nothing(migration: Migration) -> bool:
    if not migration.plain_statements:
        return False
    from koonj.checks import rollbacks, screening  # noqa: PLC0415 - as above

    return screening.surely_nothing(migration.plain_statements) and rollbacks.surely_nothing(migration)
