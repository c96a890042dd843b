"""Times as PostgreSQL writes them: ``5s``, ``500ms``, ``2min``, or a number of milliseconds."""

import re
from fractions import Fraction

_FORM = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*(us|ms|s|min|h|d)?\s*")
_UNITS = {
    "us": Fraction(1, 1000),
    "ms": Fraction(1),
    "s": Fraction(1000),
    "min": Fraction(60_000),
    "h": Fraction(3_600_000),
    "d": Fraction(86_400_000),
}
_HIGHEST = 2**31 - 1
"""INT_MAX, the highest lock_timeout and statement_timeout."""


def milliseconds(text: str) -> int | None:
    """How many ms a value of lock_timeout or statement_timeout is; None where PostgreSQL would refuse it.

    Units are case-sensitive: https://www.postgresql.org/docs/current/config-setting.html (19.1.1).
    """
    form = _FORM.fullmatch(text)
    if form is None or len(text) > _LONGEST or not text.isascii():
        return None
    value = round(Fraction(form[1] if form[1] != "." else "0") * _UNITS[form[2] or "ms"])
    return value if value <= _HIGHEST else None


_LONGEST = 40
