"""Cases of the patterns of the group Tables."""

from support.pattern_cases.case import Case

CASES: tuple[Case, ...] = ()
