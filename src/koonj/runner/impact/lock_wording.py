"""Describe a lock in one sentence: relation, size, action, effect on others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from koonj.humanize import byte_words, count, number_words, plural, row_words, span_words
from koonj.postgres.activity import OldestTransaction, RelationFacts
from koonj.postgres.locks.trace import LockMode
from koonj.runner.impact.table_effects import RelationImpact
from koonj.runner.rehearse.rehearsal_wording import without_public
from koonj.runner.run.planned import PlannedLock

KEEPS_ROWS = frozenset({"table", "partitioned table"})
"""Kinds of relations that store rows of their own."""
_HAS_SIZE = KEEPS_ROWS | {"materialized view", "foreign table"}
_QUERIES_QUEUE = "held briefly, but it waits for running queries, and new queries queue behind it"
_WRITES_QUEUE = "held briefly, but it waits for running writes, and new writes queue behind it"
_BLOCKS_NOTHING = "does not block reads or writes"


def sentence(one: RelationImpact, known: RelationFacts | None, reads: Mapping[str, bool], since: str) -> str:
    """Describe a lock in one sentence.

    For example: ``SHARE on documents (12 GB, 40 M rows), scans the whole table: blocks writes until the
    statement ends``. `reads`: relations that the statement reads in full, so its locks are held long; see
    `full_reads`. `since`: the earlier statement that took the lock; empty if it is this one.
    """
    actions = " and ".join(_actions(one))
    if reads and one.table is None and one.mode.stops_writes and not one.is_read_in_full:
        actions = f"{actions}, held while it {full_read_words(reads)}".removeprefix(", ")
    parts = (f"{one.mode.value} on {_subject(one, known)}", since and f"held since {since}", actions)
    return f"{', '.join(part for part in parts if part)}: {_effect(one, is_long=bool(reads))}"


def full_read_words(reads: Mapping[str, bool]) -> str:
    """Return `full_reads` as text: ``rewrites documents and scans chunks``."""
    verbs = {name: "rewrites" if is_rewritten else "scans" for name, is_rewritten in reads.items()}
    return " and ".join(f"{verb} {without_public(name)}" for name, verb in verbs.items())


def relation_words(relation: str, kind: str) -> str:
    """Return the name of a relation, with its kind unless it is a table."""
    return without_public(relation) if kind in KEEPS_ROWS else f"{kind} {without_public(relation)}"


def lock_subject(lock: PlannedLock) -> str:
    """Return the relation of a planned lock, with its size: ``documents (12 GB, 40 M rows)``."""
    words = relation_words(lock.relation, lock.kind)
    if lock.kind not in _HAS_SIZE or lock.bytes is None:
        return words
    rows = "" if lock.rows is None else f", {row_words(lock.rows)}"
    return f"{words} ({byte_words(lock.bytes)}{rows})"


def _subject(one: RelationImpact, known: RelationFacts | None) -> str:
    if one.table is not None:
        others = f" and {count(one.others, 'other')}" if one.others else ""
        return f"index {without_public(one.relation)}{others} of {without_public(one.table)}"
    return f"{relation_words(one.relation, one.kind)}{_size(one.kind, known)}"


def _size(kind: str, known: RelationFacts | None) -> str:
    """Return the size as text: `` (12 GB, 40 M rows)``; empty if it has no size."""
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


def _actions(one: RelationImpact) -> Iterator[str]:
    if one.drops:
        yield "drops it"
        return
    if one.truncates:
        yield "truncates it"
        return
    if one.rewrites:
        yield "rewrites it"
    elif one.scans and not one.rebuilt:
        yield "scans the whole table" if one.kind in KEEPS_ROWS else "scans all of it"
    if one.table is not None and one.rebuilt:
        yield "rebuilds it" if not one.others else "rebuilds them"
    elif one.rebuilt and not one.rewrites:
        yield f"rebuilds its {_indexes(one.rebuilt)}"
    if one.dropped:
        yield f"drops its {_indexes(one.dropped)}"
    written = _written(one)
    if written and one.mode is LockMode.ROW_EXCLUSIVE:
        yield written


def _indexes(names: Sequence[str]) -> str:
    return f"{plural(len(names), 'index', 'indexes')} {', '.join(without_public(name) for name in names)}"


def _written(one: RelationImpact) -> str:
    """Return the written rows as text: ``writes rows (5 inserted in the rehearsal)``.

    On the target there can be more.
    """
    counts = (
        (sum(w.inserted for w in one.written), "inserted"),
        (sum(w.updated for w in one.written), "updated"),
        (sum(w.deleted for w in one.written), "deleted"),
    )
    seen = ", ".join(f"{number_words(number)} {what}" for number, what in counts if number)
    return f"writes rows ({seen} in the rehearsal)" if seen else ""


def _effect(one: RelationImpact, *, is_long: bool) -> str:
    """Describe the effect of a lock on other sessions."""
    if one.table is not None:
        planning = f"the planning of queries on {without_public(one.table)}"
        long, brief = f"blocks {planning} until the statement ends", f"held briefly, but {planning} waits"
        return long if one.is_read_in_full else brief
    if one.kind == "sequence":
        return "nextval() calls wait" if one.mode.stops_writes else _BLOCKS_NOTHING
    if one.kind == "composite type":
        return "held briefly"
    loss = "its rows are deleted; " if one.truncates or (one.drops and one.kind in KEEPS_ROWS) else ""
    if one.mode.stops_writes:
        return loss + _blocking(one.mode, is_long=is_long)
    row_locks = ", except writes to the same rows" if one.mode is LockMode.ROW_EXCLUSIVE else ""
    return f"{_BLOCKS_NOTHING}{row_locks}"


def _blocking(mode: LockMode, *, is_long: bool) -> str:
    if mode.stops_reads:
        return "blocks reads and writes until the statement ends" if is_long else _QUERIES_QUEUE
    return "blocks writes until the statement ends" if is_long else _WRITES_QUEUE


_HOUR = 3600.0


def activity_words(facts: RelationFacts) -> str:
    """Describe the activity on a relation (locks, scans, writes); can be empty."""
    return "; ".join(_parts(facts))


def _parts(facts: RelationFacts) -> Iterator[str]:
    if facts.sessions:
        verb = plural(facts.sessions, "session holds a lock", "sessions hold a lock")
        yield f"{facts.sessions} {verb} on it now{_since(facts)}"
    if facts.waiting:
        yield f"{facts.waiting} {plural(facts.waiting, 'waits', 'wait')} for one"
    if facts.vacuum is not None:
        yield f"VACUUM is running on it (pid {facts.vacuum})"
    if facts.scans or facts.writes:
        yield _use(facts)


def _since(facts: RelationFacts) -> str:
    """Return the age of the oldest transaction with a lock, if it is visible."""
    if facts.oldest is None:
        return ", for a time that is hidden from this role" if facts.hidden else ""
    which = "" if facts.sessions == 1 else "the oldest "
    hidden = f" ({facts.hidden} of them hidden from this role)" if facts.hidden else ""
    age = span_words(facts.oldest.seconds)
    return f"{hidden}, {which}in a transaction open for {age} ({_session(facts.oldest)})"


def _session(holder: OldestTransaction) -> str:
    if holder.pid is None:
        return "prepared transaction, no session"
    name = f", {holder.application_name}" if holder.application_name else ""
    return f"pid {holder.pid}{name}"


def _use(facts: RelationFacts) -> str:
    """Return scans and writes: ``about 1,200 scans and 40 written rows per hour``.

    If the start of the statistics is unknown or less than an hour ago, return the counts.
    """
    if facts.since is None:
        return f"{_counts(facts.scans, facts.writes)} since its statistics started"
    if facts.since < _HOUR:
        return f"{_counts(facts.scans, facts.writes)} in {span_words(facts.since)}"
    hours = facts.since / _HOUR
    return f"about {_counts(facts.scans / hours, facts.writes / hours)} per hour"


def _counts(scans: float, writes: float) -> str:
    return f"{_count(scans, 'scan')} and {_count(writes, 'written row')}"


def _count(number: float, what: str) -> str:
    if 0 < number < 1:
        return f"less than one {what}"
    whole = round(number)
    return f"{number_words(whole)} {plural(whole, what)}"
