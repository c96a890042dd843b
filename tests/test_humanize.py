"""Sizes, counts, durations and dates as text."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from koonj import humanize
from koonj.humanize import (
    age_words,
    bar,
    byte_words,
    clock,
    column_seconds,
    count,
    duration,
    end_time,
    moment,
    number_words,
    plural,
    row_words,
    sentences,
    span_words,
    to_the_second,
)

GIGABYTE = 1024**3
NOON = datetime(2026, 8, 1, 12, 3, 59, 999_000, tzinfo=UTC)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Return a function that sets the time zone of this process."""

    def set_zone(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    before = os.environ.get("TZ")
    yield set_zone
    if before is None:
        monkeypatch.delenv("TZ", raising=False)
    else:
        monkeypatch.setenv("TZ", before)
    time.tzset()


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (8_192, "8 kB"),
        (860 * 1024, "860 kB"),
        (1_288_490_189, "1.2 GB"),
        (12 * GIGABYTE, "12 GB"),
        (1024**4 - 1, "1 TB"),
    ],
)
def test_byte_words(size: int, text: str) -> None:
    assert byte_words(size) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (1_204, "1,204"),
        (999_499, "999,499"),
        (999_500, "1 M"),
        (1_234_567, "1.2 M"),
        (40_400_000, "40 M"),
        (3_000_000_000, "3 bn"),
    ],
)
def test_number_words(number: int, text: str) -> None:
    assert number_words(number) == text


def test_row_words() -> None:
    assert [row_words(n) for n in (0, 1, 2, 1_204)] == ["0 rows", "1 row", "2 rows", "1,204 rows"]


def test_count_and_plural() -> None:
    assert [count(n, "migration") for n in (0, 1, 2)] == ["0 migrations", "1 migration", "2 migrations"]
    assert [count(n, "index", "indexes") for n in (1, 2)] == ["1 index", "2 indexes"]
    assert [plural(n, "stays", "stay") for n in (0, 1, 2)] == ["stay", "stays", "stay"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.000 s"),
        (0.0083, "0.008 s"),
        (0.0994, "0.099 s"),
        (0.0996, "0.10 s"),
        (9.99, "9.99 s"),
        (12.4, "12 s"),
        (59.6, "1 min 0 s"),
        (185.2, "3 min 5 s"),
        (7_800, "2 h 10 min"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(0, "0.00"), (0.076, "0.08"), (1204.614, "1,204.61")])
def test_seconds_of_a_column(seconds: float, text: str) -> None:
    assert column_seconds(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1.0, "0:00"), (7.9, "0:07"), (760.0, "12:40"), (10_931.0, "3:02:11")],
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5.0, "0 s"),
        (0.2, "0 s"),
        (59.6, "1 min 0 s"),
        (185, "3 min 5 s"),
        (7_800, "2 h 10 min"),
        (300_000, "3 days"),
    ],
)
def test_span_words(seconds: float, text: str) -> None:
    assert span_words(seconds) == text


@pytest.mark.parametrize("when", [NOON, NOON.timestamp()])
def test_dates_are_in_the_local_time_zone(zone: Callable[[str], None], when: datetime | float) -> None:
    zone("Pacific/Kiritimati")
    assert moment(when) == "2026-08-02 02:03:59+14:00"
    assert to_the_second(when) == "2026-08-02 02:03:59"
    zone("UTC")
    assert moment(when) == "2026-08-01 12:03:59+00:00"


def test_time_that_the_clocks_show_twice_has_its_zone(zone: Callable[[str], None]) -> None:
    zone("Europe/Berlin")
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert [to_the_second(first + timedelta(hours=hours)) for hours in (-1, 0, 1, 2)] == [
        "2026-10-25 01:30:00",
        "2026-10-25 02:30:00+02:00",
        "2026-10-25 02:30:00+01:00",
        "2026-10-25 03:30:00",
    ]
    assert to_the_second(datetime(2026, 3, 29, 1, 30, tzinfo=UTC)) == "2026-03-29 03:30:00"


def test_all_dates_come_from_local_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(humanize, "local_time", lambda _when: NOON)
    assert moment(0.0) == "2026-08-01 12:03:59+00:00"
    assert to_the_second(0.0) == "2026-08-01 12:03:59"


@pytest.mark.parametrize(
    ("share", "cells", "drawn"),
    [
        (0.0, 6, "[----]"),
        (0.5, 6, "[##--]"),
        (0.999, 6, "[###-]"),
        (1.0, 6, "[####]"),
        (1.5, 6, "[####]"),
        (-1.0, 6, "[----]"),
        (0.5, 2, ""),
        (0.5, -4, ""),
    ],
)
def test_bar_is_full_only_at_the_end(share: float, cells: int, drawn: str) -> None:
    assert bar(share, cells) == drawn


def test_end_of_a_run_has_its_date_unless_it_is_of_today(
    zone: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    zone("Europe/Berlin")
    monkeypatch.setattr(humanize, "now", lambda: datetime(2026, 8, 1, 12, tzinfo=UTC).timestamp())
    assert end_time(datetime(2026, 8, 1, 12, 3, 59, tzinfo=UTC)) == "14:03:59"
    assert end_time(datetime(2026, 7, 31, 22, 0, 1, tzinfo=UTC)) == "00:00:01", "today, where the user is"
    assert end_time(datetime(2026, 7, 31, 12, 3, 59, tzinfo=UTC)) == "2026-07-31 14:03:59"


def test_end_of_a_run_has_its_zone_when_the_clocks_show_it_twice(
    zone: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    zone("Europe/Berlin")
    monkeypatch.setattr(humanize, "now", lambda: datetime(2026, 10, 25, 12, tzinfo=UTC).timestamp())
    assert end_time(datetime(2026, 10, 25, 0, 30, tzinfo=UTC)) == "2026-10-25 02:30:00+02:00"
    assert end_time(datetime(2026, 10, 25, 6, 30, tzinfo=UTC)) == "07:30:00"


@pytest.mark.parametrize(
    ("texts", "line"),
    [
        (("it does not exist", "Check the name."), "it does not exist. Check the name."),
        (("It failed.", "Try again"), "It failed. Try again"),
        (("Connection refused", "\tIs the server running?"), "Connection refused. Is the server running?"),
        (("two\nlines", ""), "two lines"),
        (("", "Only this"), "Only this"),
        ((), ""),
    ],
)
def test_a_stop_parts_two_sentences(texts: tuple[str, ...], line: str) -> None:
    assert sentences(*texts) == line


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "just now"),
        (59.9, "just now"),
        (60, "1 min ago"),
        (779, "12 min ago"),
        (3600, "1 h ago"),
        (172_799, "47 h ago"),
        (172_800, "2 days ago"),
    ],
)
def test_age_words(seconds: float, text: str) -> None:
    assert age_words(seconds) == text
