"""Amounts, durations and dates as people read them.

Every text that holds a moment gets it through `local_time`, and the screen's clock is `now`: so a test
sets the time zone and the time of all texts in this module alone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from time import time

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
    return f"{number_words(rows)} {plural(rows, 'row')}"


def plural(number: int, thing: str, things: str | None = None) -> str:
    """The noun for `number` of them: `thing` for 1, else `things` (default: `thing` and an ``s``)."""
    if number == 1:
        return thing
    return f"{thing}s" if things is None else things


def count(number: int, thing: str, things: str | None = None) -> str:
    """``1 migration``, ``2 migrations``."""
    return f"{number} {plural(number, thing, things)}"


def duration(seconds: float) -> str:
    """What something took: ``0.01 s``, ``12 s``, ``3 min 5 s``."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def short_duration(seconds: float) -> str:
    """``8.3 ms``, ``1.20 s``: for what often takes less than a hundredth of a second."""
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else duration(seconds)


def clock(seconds: float) -> str:
    """A duration that grows on the screen: ``0:07``, ``12:40``, ``3:02:11``."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


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


def now() -> float:
    """Unix seconds, for durations that grow on the screen."""
    return time()


def local_time(when: datetime | float) -> datetime:
    """A moment, or Unix seconds, in this machine's time zone."""
    known = when if isinstance(when, datetime) else datetime.fromtimestamp(when, UTC)
    return known.astimezone()


def moment(when: datetime | float) -> str:
    """``2026-08-01 14:03:59+02:00``: with the zone, for text that may leave this machine."""
    return local_time(when).isoformat(sep=" ", timespec="seconds")


def to_the_second(when: datetime | float) -> str:
    """``2026-08-01 14:03:59``."""
    return f"{local_time(when):%Y-%m-%d %H:%M:%S}"


def to_the_minute(when: datetime | float) -> str:
    """``2026-08-01 14:03``."""
    return f"{local_time(when):%Y-%m-%d %H:%M}"


def _digits(value: float) -> str:
    """One decimal below ten, where it is not 0."""
    text = f"{value:.1f}" if round(value, 1) < 10 else f"{value:,.0f}"
    return text.removesuffix(".0")
