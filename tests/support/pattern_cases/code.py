"""Cases of the patterns of the group Code."""

from support.pattern_cases.case import Case

CASES: tuple[Case, ...] = ()
