"""The history of a target as its screen shows it: newest first, filtered by person, day and words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from koonj.humanize import local_time
from koonj.migrations.history_entry import HistoryEntry
from koonj.migrations.history_wording import action_words

_DATE = re.compile(r"\d{4}-[\d-]*")
"""A date, or the first part of one: a month, or what the user has typed so far."""
_LAST_DAYS = re.compile(r"(\d{1,4})d")


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """What the user has typed, as terms that an entry must all match."""

    words: tuple[str, ...] = ()
    """Parts of a name, a person, or what was done."""
    people: tuple[str, ...] = ()
    """Parts of a person: ``@ada``."""
    days: tuple[str, ...] = ()
    """Starts of a date: ``2026-08-01``, ``2026-08``."""
    since: date | None = None
    """First day: ``7d`` means today and the six days before."""

    @staticmethod
    def parse(text: str, today: date) -> HistoryFilter:
        """Return the terms of a text."""
        words, people, days, since = [], [], [], None
        for term in text.split():
            if term.startswith("@"):
                people.append(term[1:])
            elif term in {"today", "yesterday"}:
                days.append((today - timedelta(days=term == "yesterday")).isoformat())
            elif found := _LAST_DAYS.fullmatch(term):
                since = today - timedelta(days=max(0, int(found[1]) - 1))
            elif _DATE.fullmatch(term):
                days.append(term)
            else:
                words.append(term)
        return HistoryFilter(tuple(words), tuple(people), tuple(days), since)

    def matches(self, entry: HistoryEntry) -> bool:
        """Return whether an entry matches every term."""
        who = f"{entry.os_user}@{entry.host} {entry.database_role}"
        if not all(_is_in(person, who) for person in self.people):
            return False
        if self.days or self.since is not None:
            day = local_time(entry.started).date()
            if not all(day.isoformat().startswith(start) for start in self.days):
                return False
            if self.since is not None and day < self.since:
                return False
        text = f"{entry.name} {who} {action_words(entry)}" if self.words else ""
        return all(_is_in(word, text) for word in self.words)


def _is_in(word: str, text: str) -> bool:
    """Return whether a text contains a word; capitals count only if the word has one."""
    return word in (text if any(map(str.isupper, word)) else text.lower())


@dataclass(frozen=True, slots=True, eq=False)  # comparing thousands of entries takes too long
class TargetHistory:
    """The entries that are shown, newest first. It is made in a thread."""

    shown: tuple[HistoryEntry, ...] = ()
    total: int = 0
    is_read: bool = False

    @staticmethod
    def of(entries: Sequence[HistoryEntry], typed: str, today: date) -> TargetHistory:
        """Return those of `entries`, which are oldest first, that match what was typed."""
        wanted = HistoryFilter.parse(typed, today)
        newest_first = reversed(entries)
        return TargetHistory(tuple(e for e in newest_first if wanted.matches(e)), len(entries), is_read=True)
