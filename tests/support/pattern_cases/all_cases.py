"""All cases of koonj's own patterns."""

from support.pattern_cases import access, code, columns, constraints, data, indexes, tables

CASES = (
    *tables.CASES,
    *columns.CASES,
    *constraints.CASES,
    *indexes.CASES,
    *data.CASES,
    *code.CASES,
    *access.CASES,
)
