"""All cases of koonj's own patterns."""

from support.pattern_cases import access, code, columns, constraints, data, indexes, tables
from support.pattern_cases.case import Case

CASES = (
    *tables.CASES,
    *columns.CASES,
    *constraints.CASES,
    *indexes.CASES,
    *data.CASES,
    *code.CASES,
    *access.CASES,
)


def first_case(key: str) -> Case:
    """Return the case of a pattern that its documentation shows."""
    return next(case for case in CASES if case.key == key)
