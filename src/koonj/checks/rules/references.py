"""Rules about what a statement needs and no earlier file makes. `checks.objects` finds it in all files."""

from __future__ import annotations

from koonj.checks.model import Rule
from koonj.sql.problem import Severity

MISSING_OBJECT = Rule(
    "missing-object",
    Severity.WARNING,
    "The statement fails: no earlier file makes the table or view, or one has dropped or renamed it.",
    frozenset(),
)
MISSING_COLUMN = Rule(
    "missing-column",
    Severity.WARNING,
    "The statement fails: the files create the table, and none gives it this column.",
    frozenset(),
)
RULES = (MISSING_OBJECT, MISSING_COLUMN)
