"""Cases of the patterns of the group Access."""

from support.pattern_cases.case import Case

CASES: tuple[Case, ...] = ()
