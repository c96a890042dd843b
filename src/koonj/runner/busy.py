"""How much a relation of a target is used, in words."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.humanize import number_words, plural, span_words
from koonj.postgres.activity import OldestTransaction, RelationFacts

_HOUR = 3600.0


def activity_words(facts: RelationFacts) -> str:
    """Who holds a lock on it now, since when, and how often it is read and written; may be empty."""
    return "; ".join(_parts(facts))


def _parts(facts: RelationFacts) -> Iterator[str]:
    if facts.sessions:
        verb = plural(facts.sessions, "session holds a lock", "sessions hold a lock")
        yield f"{facts.sessions} {verb} on it now{_since(facts)}"
    if facts.waiting:
        yield f"{facts.waiting} {plural(facts.waiting, 'waits', 'wait')} for one"
    if facts.vacuum is not None:
        yield f"a vacuum works on it (pid {facts.vacuum})"
    if facts.scans or facts.writes:
        yield _use(facts)


def _since(facts: RelationFacts) -> str:
    """Since when, as far as this role may see."""
    if facts.oldest is None:
        return ", since when this role may not see" if facts.hidden else ""
    which = "" if facts.sessions == 1 else "the oldest "
    unseen = f" ({facts.hidden} of them out of this role's sight)" if facts.hidden else ""
    age = span_words(facts.oldest.seconds)
    return f"{unseen}, {which}in a transaction of {age} ({_who(facts.oldest)})"


def _who(holder: OldestTransaction) -> str:
    if holder.pid is None:
        return "prepared, without a session"
    name = f", {holder.application_name}" if holder.application_name else ""
    return f"pid {holder.pid}{name}"


def _use(facts: RelationFacts) -> str:
    """``about 1,200 scans and 40 rows written an hour``; the plain counts where no hour is known."""
    if facts.since is None:
        return f"{_counts(facts.scans, facts.writes)} since its statistics began"
    if facts.since < _HOUR:
        return f"{_counts(facts.scans, facts.writes)} in {span_words(facts.since)}"
    hours = facts.since / _HOUR
    return f"about {_counts(facts.scans / hours, facts.writes / hours)} an hour"


def _counts(scans: float, writes: float) -> str:
    return f"{_count(scans, 'scan')} and {_count(writes, 'written row')}"


def _count(number: float, what: str) -> str:
    if 0 < number < 1:
        return f"less than one {what}"
    whole = round(number)
    return f"{number_words(whole)} {plural(whole, what)}"
