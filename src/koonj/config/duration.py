"""Times as PostgreSQL writes them: ``5s``, ``500ms``, ``2min``, or a number of milliseconds."""

import re

_FORM = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*(us|ms|s|min|h|d)?\s*", re.ASCII)
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1e3, "min": 6e4, "h": 3.6e6, "d": 8.64e7}
_HIGHEST = 2**31 - 1
"""INT_MAX, the highest lock_timeout and statement_timeout."""

_LONGEST = 40


def milliseconds(text: str) -> int | None:
    """How many ms a value of lock_timeout or statement_timeout is; None for what nobody means by one.

    A number and a unit, which is case-sensitive: https://www.postgresql.org/docs/current/config-setting.html.
    What is taken, PostgreSQL takes as the same; its other spellings (``0x10``, ``1e3``, ``+5``) are refused.
    """
    form = _FORM.fullmatch(text)
    if form is None or len(text) > _LONGEST or not text.isascii():
        return None
    value = round(float(form[1]) * _UNITS[form[2] or "ms"])
    return value if value <= _HIGHEST else None
