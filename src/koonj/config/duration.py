"""Parse durations in PostgreSQL's notation.

Examples: ``5s``, ``500ms``, ``2min``, or a number of milliseconds.
"""

import re

_FORM = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*(us|ms|s|min|h|d)?\s*", re.ASCII)
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1e3, "min": 6e4, "h": 3.6e6, "d": 8.64e7}
_HIGHEST = 2**31 - 1
"""INT_MAX, the maximum of lock_timeout and statement_timeout."""

_LONGEST = 40


def milliseconds(text: str) -> int | None:
    """Return a value of lock_timeout or statement_timeout in ms; None if invalid.

    The value is a number and a case-sensitive unit:
    https://www.postgresql.org/docs/current/config-setting.html. PostgreSQL reads every accepted value in the
    same way. Its other spellings (``0x10``, ``1e3``, ``+5``) are rejected.
    """
    form = _FORM.fullmatch(text)
    if form is None or len(text) > _LONGEST or not text.isascii():
        return None
    value = round(float(form[1]) * _UNITS[form[2] or "ms"])
    return value if value <= _HIGHEST else None
