"""Format sizes, counts, durations and dates as text.

Every date in a text comes from `local_time`, and the clock of the screen is `now`. So a test can set the time
zone and the time of all texts in this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from time import time

_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")
"""Units of size in the words of pg_size_pretty(), each 1,024 times the previous."""
_LARGE_UNITS = ((1_000_000_000, "bn"), (1_000_000, "M"))
_THREE_DECIMALS = 0.0995
"""Seconds below which a duration has three decimals."""
_ROUNDS_TO_ONE = 0.9995
"""Share of a unit from which on a number is shown in this unit: it rounds to 1."""


def byte_words(size: int) -> str:
    """Return a size in bytes as ``860 kB``, ``1.2 GB`` or ``12 GB``."""
    value, unit = float(size), 0
    while round(value) >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{_digits(value) if unit else size} {_UNITS[unit]}"


def number_words(number: int) -> str:
    """Return a number as ``1,204``, ``999,499``, ``1.2 M``, ``40 M`` or ``3 bn``."""
    for size, unit in _LARGE_UNITS:
        if number >= _ROUNDS_TO_ONE * size:
            return f"{_digits(number / size)} {unit}"
    return f"{number:,}"


def row_words(rows: int) -> str:
    """Return a number of rows as ``1 row``, ``1,204 rows`` or ``40 M rows``."""
    return f"{number_words(rows)} {plural(rows, 'row')}"


def plural(number: int, thing: str, things: str | None = None) -> str:
    """Return `thing` for 1, else `things` (default: `thing` with an ``s``)."""
    if number == 1:
        return thing
    return f"{thing}s" if things is None else things


def count(number: int, thing: str, things: str | None = None) -> str:
    """Return a number and its noun: ``1 migration``, ``2 migrations``."""
    return f"{number} {plural(number, thing, things)}"


def listed(names: Sequence[str], most: int) -> str:
    """Return at most `most` names and the number of the others: ``a, b and 3 more``."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def duration(seconds: float) -> str:
    """Return a duration as ``0.008 s``, ``0.25 s``, ``12 s``, ``3 min 5 s`` or ``2 h 10 min``.

    This is the one scale for what a run, a rehearsal and a statement took.
    """
    if seconds < 10:
        return f"{seconds:.{3 if seconds < _THREE_DECIMALS else 2}f} s"
    return span_words(seconds)


def column_seconds(seconds: float) -> str:
    """Return a duration as ``0.08`` or ``1,204.61``, for a column whose heading has the unit."""
    return f"{seconds:,.2f}"


def clock(seconds: float) -> str:
    """Return a growing duration as ``0:07``, ``12:40`` or ``3:02:11``."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def span_words(seconds: float) -> str:
    """Return a duration as ``12 s``, ``3 min 5 s``, ``2 h 10 min`` or ``3 days``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 48 * 3600:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86400} days"


def age_words(seconds: float) -> str:
    """Return how long ago something was: ``just now``, ``12 min ago``, ``2 h ago`` or ``3 days ago``."""
    whole = max(0, int(seconds))
    if whole < 60:
        return "just now"
    if whole < 3600:
        return f"{whole // 60} min ago"
    if whole < 48 * 3600:
        return f"{whole // 3600} h ago"
    return f"{whole // 86400} days ago"


def now() -> float:
    """Return the current time in Unix seconds, for durations that grow on the screen."""
    return time()


def local_time(when: datetime | float) -> datetime:
    """Return a date, or Unix seconds, as a date in this machine's time zone."""
    aware = when if isinstance(when, datetime) else datetime.fromtimestamp(when, UTC)
    return aware.astimezone()


def moment(when: datetime | float) -> str:
    """Return a date as ``2026-08-01 14:03:59+02:00``.

    The zone is for readers on other machines.
    """
    return local_time(when).isoformat(sep=" ", timespec="seconds")


def to_the_second(when: datetime | float) -> str:
    """Return a date as ``2026-08-01 14:03:59``; with the zone if the clocks show this time twice."""
    local = local_time(when)
    return moment(when) if _is_repeated(local) else f"{local:%Y-%m-%d %H:%M:%S}"


def _is_repeated(local: datetime) -> bool:
    """Return whether the clocks show this time again, because they are set back at the end of summer time."""
    shown = local.replace(tzinfo=None)
    first, second = (shown.replace(fold=fold).astimezone().utcoffset() for fold in (0, 1))
    return first is not None and second is not None and first > second


def bar(share: float, cells: int) -> str:
    """Return a bar of plain characters, `cells` wide: ``[####----]``; full only if `share` is 1.

    Empty if there is no room for one.
    """
    inner = max(0, cells - 2)
    full = inner if share >= 1 else int(max(0.0, share) * inner)
    return f"[{'#' * full}{'-' * (inner - full)}]" if inner else ""


def time_of_day(when: datetime | float) -> str:
    """Return the time of a date as ``14:03:59``."""
    return f"{local_time(when):%H:%M:%S}"


def end_time(when: datetime | float) -> str:
    """Return the time of day of today as ``14:03:59``, and any other time with its date.

    The end of a run is also shown when koonj is opened again, days later.
    """
    local = local_time(when)
    is_clear = local.date() == local_time(now()).date() and not _is_repeated(local)
    return time_of_day(when) if is_clear else to_the_second(when)


def _digits(value: float) -> str:
    """Return a number with one decimal if it is below 10 and the decimal is not 0."""
    text = f"{value:.1f}" if round(value, 1) < 10 else f"{value:,.0f}"
    return text.removesuffix(".0")


def sentences(*texts: str) -> str:
    """Return texts after each other, in one line; a stop parts two, if the first does not end with one."""
    lines = [" ".join(text.split()) for text in texts]
    full = [line if line.endswith((".", "?", "!", ":", ";")) else f"{line}." for line in lines if line]
    return " ".join([*full[:-1], *[line for line in lines if line][-1:]])
