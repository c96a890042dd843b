"""Cases of the patterns of the group Constraints."""

from support.pattern_cases.case import Case

CASES: tuple[Case, ...] = ()
