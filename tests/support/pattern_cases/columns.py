"""Cases of the patterns of the group Columns."""

from support.pattern_cases.case import Case

CASES: tuple[Case, ...] = ()
