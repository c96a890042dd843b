"""Which history entries a person looks for: the terms of the screen, and the options of `koonj history`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from koonj.humanize import local_time
from koonj.migrations.history_entry import HistoryEntry
from koonj.migrations.history_wording import action_words

_DATE = re.compile(r"\d{4}-[\d-]*")
"""A date, or the first part of one: a month, or what the user has typed so far."""
_WHOLE_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?")
_LAST_DAYS = re.compile(r"(\d{1,4})d")
_FIRST, _LAST = "-01-01", "-12-31"
DAY_FORMS = "2026-08-01, 2026-08, today, yesterday or 7d (the last 7 days)"
"""How a day, or several days, can be written."""


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Terms that an entry must all match. The days are those of this machine's time zone."""

    words: tuple[str, ...] = ()
    """Parts of a name, a person, or what was done."""
    people: tuple[str, ...] = ()
    """Parts of a person: ``@ada``."""
    days: tuple[str, ...] = ()
    """Starts of a date: ``2026-08-01``, ``2026-08``."""
    since: date | None = None
    """First day: ``7d`` means today and the six days before."""
    until: date | None = None
    """Last day."""
    ended: tuple[str, ...] = ()
    """Outcomes, or starts of one while the user types: ``failed``."""

    @staticmethod
    def parse(text: str, today: date) -> HistoryFilter:
        """Return the terms of a text. A term with an unknown day is a word."""
        words, people, days, ended, since, until = [], [], [], [], None, None
        for term in text.split():
            name, _, value = term.partition(":")
            if term.startswith("@"):
                people.append(term[1:])
            elif name == "ended":
                ended.append(value)
            elif name == "since" and (first := first_day(value, today)):
                since = first
            elif name == "until" and (last := last_day(value, today)):
                until = last
            elif name in {"since", "until"}:
                pass  # the day is being typed
            elif term in {"today", "yesterday"}:
                days.append((today - timedelta(days=term == "yesterday")).isoformat())
            elif _LAST_DAYS.fullmatch(term):
                since = first_day(term, today)
            elif _DATE.fullmatch(term):
                days.append(term)
            else:
                words.append(term)
        return HistoryFilter(tuple(words), tuple(people), tuple(days), since, until, tuple(ended))

    @property
    def is_empty(self) -> bool:
        """Whether every entry matches."""
        return self == HistoryFilter()

    def matches(self, entry: HistoryEntry) -> bool:
        """Return whether an entry matches every term."""
        who = f"{entry.os_user}@{entry.host} {entry.database_role}"
        if not all(_is_in(person, who) for person in self.people):
            return False
        if not all(entry.outcome.startswith(end) for end in self.ended):
            return False
        if not self._is_on_day(entry):
            return False
        text = f"{entry.name} {who} {action_words(entry)}" if self.words else ""
        return all(_is_in(word, text) for word in self.words)

    def _is_on_day(self, entry: HistoryEntry) -> bool:
        if not self.days and self.since is None and self.until is None:
            return True
        day = local_time(entry.started).date()
        if self.since is not None and day < self.since:
            return False
        if self.until is not None and day > self.until:
            return False
        return all(day.isoformat().startswith(start) for start in self.days)

    def of(self, entries: Iterable[HistoryEntry]) -> tuple[HistoryEntry, ...]:
        """Return the entries that match, in their order."""
        return tuple(entry for entry in entries if self.matches(entry))


def first_day(text: str, today: date) -> date | None:
    """Return the first of the days that a text names, see `DAY_FORMS`; None if it names none."""
    if found := _LAST_DAYS.fullmatch(text):
        return today - timedelta(days=max(0, int(found[1]) - 1))
    return _day(text, today, _FIRST)


def last_day(text: str, today: date) -> date | None:
    """Return the last of the days that a text names; None if it names none."""
    return today if _LAST_DAYS.fullmatch(text) else _day(text, today, _LAST)


def _day(text: str, today: date, rest: str) -> date | None:
    if text in {"today", "yesterday"}:
        return today - timedelta(days=text == "yesterday")
    if not _WHOLE_DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text + rest[len(text) - len("2026") :])
    except ValueError:  # the last day of a shorter month, or no date at all
        return _end_of_month(text) if rest == _LAST and len(text) == len("2026-08") else None


def _end_of_month(month: str) -> date | None:
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        return None
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _is_in(word: str, text: str) -> bool:
    """Return whether a text contains a word; capitals count only if the word has one."""
    return word in (text if any(map(str.isupper, word)) else text.lower())
