"""A lock in one sentence: what is locked and how large it is, what the statement does, what others meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from koonj.humanize import byte_words, count, number_words, plural, row_words, span_words
from koonj.postgres.activity import OldestTransaction, RelationFacts
from koonj.postgres.locks.trace import LockMode
from koonj.runner.impact.table_effects import RelationImpact
from koonj.runner.rehearse.rehearsal_wording import without_public

KEEPS_ROWS = frozenset({"table", "partitioned table"})
"""Kinds whose rows are nowhere else."""
_HAS_SIZE = KEEPS_ROWS | {"materialized view", "foreign table"}
_WAITS = "short, but it waits for every query that runs, and all others wait behind it"
_WRITES_WAIT = "short, but it waits for every write that runs, and all other writes wait behind it"
_GO_ON = "reads and writes go on"


def sentence(
    one: RelationImpact, known: RelationFacts | None, through: Mapping[str, bool], since: str
) -> str:
    """``SHARE on documents (12 GB, 40 M rows), reads all of it: writes wait for the whole time``.

    `through`: what the statement goes through, and so how long its locks last; see `gone_through`.
    `since`: which statement took the lock, where it was an earlier one; empty where it is this one.
    """
    deeds = " and ".join(_deeds(one))
    if through and one.of is None and one.mode.stops_writes and not one.is_gone_through:
        deeds = f"{deeds}, held while it {through_words(through)}".removeprefix(", ")
    parts = (f"{one.mode.value} on {_subject(one, known)}", since and f"held since {since}", deeds)
    return f"{', '.join(part for part in parts if part)}: {_effect(one, is_long=bool(through))}"


def through_words(through: Mapping[str, bool]) -> str:
    """``rewrites documents and scans chunks``."""
    return " and ".join(
        f"{'rewrites' if anew else 'scans'} {without_public(name)}" for name, anew in through.items()
    )


def name_of(relation: str, kind: str) -> str:
    """A table by its name alone; anything else with what it is."""
    return without_public(relation) if kind in KEEPS_ROWS else f"the {kind} {without_public(relation)}"


def _subject(one: RelationImpact, known: RelationFacts | None) -> str:
    if one.of is not None:
        others = f" and {count(one.others, 'other')}" if one.others else ""
        return f"the index {without_public(one.relation)}{others} of {without_public(one.of)}"
    return f"{name_of(one.relation, one.kind)}{_size(one.kind, known)}"


def _size(kind: str, known: RelationFacts | None) -> str:
    """`` (12 GB, 40 M rows)``; nothing for what has no size."""
    if kind not in _HAS_SIZE:
        return ""
    if known is None or known.bytes is None:
        size = "size unknown"
    else:
        size = f"{'at least ' if known.unknown else ''}{byte_words(known.bytes)}"
    rows = "" if known is None or known.rows is None else f", {row_words(known.rows)}"
    number = 0 if known is None else known.partitions
    parts = f" in {number_words(number)} {plural(number, 'partition')}" if number else ""
    return f" ({size}{rows}{parts})"


def _deeds(one: RelationImpact) -> Iterator[str]:
    if one.drops:
        yield "drops it"
        return
    if one.empties:
        yield "empties it"
        return
    if one.rewrites:
        yield "rewrites it"
    elif one.scans and not one.rebuilt:
        yield "reads all of it"
    if one.of is not None and one.rebuilt:
        yield "builds it anew" if not one.others else "builds them anew"
    elif one.rebuilt and not one.rewrites:
        yield f"builds its {_indexes(one.rebuilt)} anew"
    if one.dropped:
        yield f"drops its {_indexes(one.dropped)}"
    written = _written(one)
    if written and one.mode is LockMode.ROW_EXCLUSIVE:
        yield written


def _indexes(names: Sequence[str]) -> str:
    return f"{plural(len(names), 'index', 'indexes')} {', '.join(without_public(name) for name in names)}"


def _written(one: RelationImpact) -> str:
    """``writes rows (5 inserted on scratch)``: there may be more of them on the target."""
    counts = (
        (sum(w.inserted for w in one.written), "inserted"),
        (sum(w.updated for w in one.written), "updated"),
        (sum(w.deleted for w in one.written), "deleted"),
    )
    seen = ", ".join(f"{number_words(number)} {what}" for number, what in counts if number)
    return f"writes rows ({seen} on scratch)" if seen else ""


def _effect(one: RelationImpact, *, is_long: bool) -> str:
    """What others meet."""
    gone = "its rows are gone; " if one.empties or (one.drops and one.kind in KEEPS_ROWS) else ""
    if one.of is not None:
        wait = f"queries of {without_public(one.of)} that are planned meanwhile wait"
        return f"{wait} for the whole time" if one.is_gone_through else f"short, but {wait}"
    if one.kind == "sequence":
        return "those who want a number from it wait" if one.mode.stops_writes else _GO_ON
    if one.kind == "composite type":
        return "short"
    if one.mode.stops_reads:
        return gone + ("reads and writes wait for the whole time" if is_long else _WAITS)
    if one.mode.stops_writes:
        return gone + ("writes wait for the whole time" if is_long else _WRITES_WAIT)
    return f"{_GO_ON}, except of the rows that it writes" if one.mode is LockMode.ROW_EXCLUSIVE else _GO_ON


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
