"""Cases of the patterns of the group Data."""

from support.pattern_cases.case import Case

CASES: tuple[Case, ...] = ()
