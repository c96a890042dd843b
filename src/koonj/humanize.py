"""Large numbers as people read them."""

from __future__ import annotations

_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")
"""Each 1,024 of the one before, with the names that pg_size_pretty() and psql give them."""
_SHORT = ((1_000_000_000, "bn"), (1_000_000, "M"))
_REACHES = 0.9995
"""What rounds to 1 of a unit is told in it."""


def byte_words(size: int) -> str:
    """``860 kB``, ``1.2 GB``, ``12 GB``."""
    value, unit = float(size), 0
    while round(value) >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{_digits(value) if unit else size} {_UNITS[unit]}"


def number_words(number: int) -> str:
    """``1,204``, ``999,499``, ``1.2 M``, ``40 M``, ``3 bn``."""
    for size, unit in _SHORT:
        if number >= _REACHES * size:
            return f"{_digits(number / size)} {unit}"
    return f"{number:,}"


def row_words(rows: int) -> str:
    """``1 row``, ``1,204 rows``, ``40 M rows``."""
    return f"{number_words(rows)} {'row' if rows == 1 else 'rows'}"


def span_words(seconds: float) -> str:
    """A stretch of time, to the second or coarser: ``12 s``, ``3 min 5 s``, ``2 h 10 min``, ``3 days``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 48 * 3600:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86400} days"


def _digits(value: float) -> str:
    """One decimal below ten, where it is not 0."""
    text = f"{value:.1f}" if round(value, 1) < 10 else f"{value:,.0f}"
    return text.removesuffix(".0")
