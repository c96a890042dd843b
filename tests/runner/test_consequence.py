"""Tests of the sentence for a lock: each mode, each effect of a statement, each size."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from koonj.postgres.activity import OldestTransaction, RelationFacts
from koonj.postgres.locks.trace import (
    LockMode,
    RelationChange,
    RelationLock,
    RowsWritten,
    Scan,
    StatementTrace,
)
from koonj.postgres.locks.tracer import Tracer
from koonj.runner.impact.consequence import consequence
from koonj.runner.impact.lock_wording import activity_words
from koonj.runner.impact.plan_wording import LONG, NOTE, SHORT

GIGABYTE = 1024**3
DOCUMENTS = "public.documents"
BIG = RelationFacts(DOCUMENTS, "table", bytes=12 * GIGABYTE, rows=40_000_000)
FACTS = {
    DOCUMENTS: BIG,
    "public.chunks": RelationFacts("public.chunks", "table", bytes=40 * GIGABYTE, rows=1_200_000_000),
    "public.users": RelationFacts("public.users", "table", bytes=860 * 1024, rows=1_204),
}
NOTHING: frozenset[str] = frozenset()


def _trace(**parts: object) -> StatementTrace:
    return replace(StatementTrace(2, 5, "alter table", in_transaction=True, seconds=0.0), **parts)  # type: ignore[arg-type]


def _lock(
    mode: LockMode, relation: str = DOCUMENTS, kind: str = "table", of: str | None = None
) -> RelationLock:
    return RelationLock(relation, kind, mode, of)


def _sentences(trace: StatementTrace, *earlier: StatementTrace) -> list[str]:
    return [lock.effect for lock in consequence(trace, FACTS, NOTHING, earlier)]


REWRITES = {"rewritten": (DOCUMENTS,)}
SCANS = {"scanned": (Scan(DOCUMENTS, 1, 0),)}
ALL = "blocks reads and writes until the statement ends"
WRITES = "blocks writes until the statement ends"
QUEUE = "held briefly, but it waits for running queries, and new queries queue behind it"
WRITE_QUEUE = "held briefly, but it waits for running writes, and new writes queue behind it"
GO_ON = "does not block reads or writes"
OWN_ROWS = "does not block reads or writes, except writes to the same rows"


@pytest.mark.parametrize(
    ("mode", "effects", "what", "impact"),
    [
        ("ACCESS EXCLUSIVE", REWRITES, f", rewrites it: {ALL}", LONG),
        ("ACCESS EXCLUSIVE", SCANS, f", scans the whole table: {ALL}", LONG),
        ("ACCESS EXCLUSIVE", REWRITES | SCANS, f", rewrites it: {ALL}", LONG),
        ("ACCESS EXCLUSIVE", {}, f": {QUEUE}", SHORT),
        ("EXCLUSIVE", SCANS, f", scans the whole table: {WRITES}", LONG),
        ("EXCLUSIVE", {}, f": {WRITE_QUEUE}", SHORT),
        ("SHARE ROW EXCLUSIVE", SCANS, f", scans the whole table: {WRITES}", LONG),
        ("SHARE ROW EXCLUSIVE", {}, f": {WRITE_QUEUE}", SHORT),
        ("SHARE", SCANS, f", scans the whole table: {WRITES}", LONG),
        ("SHARE", {}, f": {WRITE_QUEUE}", SHORT),
        ("SHARE UPDATE EXCLUSIVE", SCANS, f", scans the whole table: {GO_ON}", NOTE),
        ("SHARE UPDATE EXCLUSIVE", {}, f": {GO_ON}", NOTE),
        ("ROW EXCLUSIVE", SCANS, f", scans the whole table: {OWN_ROWS}", NOTE),
        ("ROW EXCLUSIVE", {}, f": {OWN_ROWS}", NOTE),
    ],
)
@pytest.mark.parametrize(
    ("facts", "size", "long"),
    [
        (BIG, "12 GB, 40 M rows", LONG),
        (replace(BIG, bytes=81_920, rows=1), "80 kB, 1 row", SHORT),
        (replace(BIG, bytes=None, rows=1_204, unknown=1), "size unknown, 1,204 rows", LONG),
        (None, "size unknown", LONG),
    ],
)
def test_sentence_and_impact_for_each_mode_and_size(
    mode: str,
    effects: dict[str, object],
    what: str,
    impact: int,
    facts: RelationFacts | None,
    size: str,
    long: int,
) -> None:
    known = {} if facts is None else {DOCUMENTS: facts}
    (found,) = consequence(_trace(locks=(_lock(LockMode(mode)),), **effects), known, NOTHING)
    assert found.effect == f"{mode} on documents ({size}){what}"
    assert found.impact == (min(impact, long) if impact == LONG else impact)
    assert (found.mode, found.rewrites, found.scans) == (mode, "rewritten" in effects, "scanned" in effects)


@pytest.mark.parametrize("mode", [LockMode.ACCESS_SHARE, LockMode.ROW_SHARE])
def test_weak_lock_is_not_mentioned(mode: LockMode) -> None:
    assert consequence(_trace(locks=(_lock(mode),), **SCANS), FACTS, NOTHING) == ()


def test_drop_and_truncate_mention_deleted_rows_and_size() -> None:
    gone = RelationChange(DOCUMENTS, "table", "dropped")
    locks = (_lock(LockMode.ACCESS_EXCLUSIVE),)
    (drops,) = consequence(_trace(locks=locks, relations=(gone,)), FACTS, NOTHING)
    assert (drops.effect, drops.impact) == (
        f"ACCESS EXCLUSIVE on documents (12 GB, 40 M rows), drops it: its rows are deleted; {QUEUE}",
        LONG,
    )
    (empties,) = consequence(_trace(locks=locks, truncated=(DOCUMENTS,), **SCANS), FACTS, NOTHING)
    assert (empties.effect, empties.impact) == (
        f"ACCESS EXCLUSIVE on documents (12 GB, 40 M rows), truncates it: its rows are deleted; {QUEUE}",
        LONG,
    )
    empty = {DOCUMENTS: replace(BIG, bytes=0, rows=0)}
    assert [one.impact for one in consequence(_trace(locks=locks, relations=(gone,)), empty, NOTHING)] == [
        SHORT
    ]


def test_written_rows_are_counted_from_the_rehearsal() -> None:
    written = RowsWritten(DOCUMENTS, 0, 1_204, 3)
    assert _sentences(_trace(locks=(_lock(LockMode.ROW_EXCLUSIVE),), written=(written,))) == [
        "ROW EXCLUSIVE on documents (12 GB, 40 M rows), writes rows (1,204 updated, 3 deleted in the rehearsal): "
        + OWN_ROWS
    ]


def test_lock_is_long_when_its_statement_scans_another_large_table() -> None:
    exclusive = LockMode.SHARE_ROW_EXCLUSIVE
    trace = _trace(locks=(_lock(exclusive), _lock(exclusive, "public.users")), **SCANS)
    documents, users = consequence(trace, FACTS, NOTHING)
    assert documents.effect.endswith(f", scans the whole table: {WRITES}")
    assert users.effect == (
        "SHARE ROW EXCLUSIVE on users (860 kB, 1,204 rows), held while it scans documents: " + WRITES
    )
    assert (documents.impact, users.impact) == (LONG, LONG)


def test_lock_of_an_earlier_statement_is_mentioned_while_another_table_is_scanned() -> None:
    first = replace(_trace(locks=(_lock(LockMode.ACCESS_EXCLUSIVE),)), index=1)
    second = _trace(
        locks=(_lock(LockMode.SHARE, "public.chunks"),),
        held=first.locks,
        scanned=(Scan("public.chunks", 1, 0),),
    )
    assert _sentences(second, first) == [
        f"SHARE on chunks (40 GB, 1.2 bn rows), scans the whole table: {WRITES}",
        "ACCESS EXCLUSIVE on documents is still held from statement 1 while this statement scans chunks",
    ]
    assert _sentences(second)[1].startswith("ACCESS EXCLUSIVE on documents is still held from an earlier")
    small = replace(second, scanned=(Scan("public.users", 1, 0),), locks=())
    assert [lock.impact for lock in consequence(small, FACTS, NOTHING)] == [SHORT]
    assert _sentences(replace(second, scanned=(), locks=()), first) == []
    dropped = replace(first, relations=(RelationChange(DOCUMENTS, "table", "dropped"),))
    assert len(_sentences(second, dropped)) == 1


def test_rewrite_under_an_earlier_lock_names_the_earlier_statement() -> None:
    first = replace(_trace(locks=(_lock(LockMode.ACCESS_EXCLUSIVE),)), index=1)
    assert _sentences(_trace(held=first.locks, **REWRITES), first) == [
        f"ACCESS EXCLUSIVE on documents (12 GB, 40 M rows), held since statement 1, rewrites it: {ALL}"
    ]


def test_index_is_described_with_its_table() -> None:
    index = _lock(LockMode.ACCESS_EXCLUSIVE, "public.d_n", "index", DOCUMENTS)
    gone = RelationChange("public.d_n", "index", "dropped", of=DOCUMENTS)
    table = _lock(LockMode.ACCESS_EXCLUSIVE)
    assert _sentences(_trace(locks=(index, table), relations=(gone,))) == [
        f"ACCESS EXCLUSIVE on documents (12 GB, 40 M rows), drops its index d_n: {QUEUE}"
    ]
    other = _lock(LockMode.ACCESS_EXCLUSIVE, "public.d_pkey", "index", DOCUMENTS)
    share = _lock(LockMode.SHARE)
    assert _sentences(
        _trace(locks=(index, other, share), rebuilt=("public.d_n", "public.d_pkey"), **SCANS)
    ) == [
        f"SHARE on documents (12 GB, 40 M rows), rebuilds its indexes d_n, d_pkey: {WRITES}",
        "ACCESS EXCLUSIVE on index d_n and 1 other of documents, rebuilds them: "
        "blocks the planning of queries on documents until the statement ends",
    ]
    concurrent = _lock(LockMode.SHARE_UPDATE_EXCLUSIVE)
    assert _sentences(_trace(locks=(index, concurrent), rebuilt=("public.d_n",), observed=True)) == [
        "ACCESS EXCLUSIVE on index d_n of documents: held briefly, but the planning of queries on documents "
        "waits",
        f"SHARE UPDATE EXCLUSIVE on documents (12 GB, 40 M rows), rebuilds its index d_n: {GO_ON}",
    ]


def test_partitions_are_described_with_their_root_table() -> None:
    facts = {
        "public.p": RelationFacts(
            "public.p", "partitioned table", bytes=5 * GIGABYTE, rows=10, partitions=2, unknown=1
        ),
        "public.p1": RelationFacts("public.p1", "table", root="public.p"),
        "public.p2": RelationFacts("public.p2", "table", root="public.p"),
    }

    def found(trace: StatementTrace) -> list[str]:
        return [lock.effect for lock in consequence(trace, facts, NOTHING)]

    all_three = (
        _lock(LockMode.SHARE, "public.p", "partitioned table"),
        _lock(LockMode.SHARE, "public.p1"),
        _lock(LockMode.SHARE, "public.p2"),
    )
    size = "(at least 5 GB, 10 rows in 2 partitions)"
    assert found(_trace(locks=all_three, scanned=(Scan("public.p1", 1, 0), Scan("public.p2", 1, 0)))) == [
        f"SHARE on p {size}, scans the whole table: {WRITES}"
    ]
    strong = tuple(replace(lock, mode=LockMode.ACCESS_EXCLUSIVE) for lock in all_three)
    assert found(_trace(locks=strong, truncated=("public.p1", "public.p2"))) == [
        f"ACCESS EXCLUSIVE on p {size}, truncates it: its rows are deleted; {QUEUE}"
    ]
    gone = (RelationChange("public.p1", "table", "dropped"),)
    assert found(_trace(locks=strong[:2], relations=gone)) == [
        f"ACCESS EXCLUSIVE on p1 (size unknown), drops it: its rows are deleted; {QUEUE}",
        f"ACCESS EXCLUSIVE on p {size}: {QUEUE}",
    ]


def test_relation_that_is_not_a_table_is_named_with_its_kind() -> None:
    exclusive = LockMode.ACCESS_EXCLUSIVE
    view, stats = _lock(exclusive, "public.v", "view"), _lock(exclusive, 'app."Stats"', "materialized view")
    assert _sentences(_trace(locks=(view,))) == [f"ACCESS EXCLUSIVE on view v: {QUEUE}"]
    assert _sentences(_trace(locks=(stats,), rewritten=('app."Stats"',))) == [
        f'ACCESS EXCLUSIVE on materialized view app."Stats" (size unknown), rewrites it: {ALL}'
    ]
    sequence = _lock(LockMode.SHARE_ROW_EXCLUSIVE, "public.s", "sequence")
    (found,) = consequence(_trace(locks=(sequence,)), FACTS, NOTHING)
    assert (found.impact, found.effect) == (
        NOTE,
        "SHARE ROW EXCLUSIVE on sequence s: nextval() calls wait",
    )


def test_new_relation_has_no_locks_in_the_plan() -> None:
    index = _lock(LockMode.ACCESS_EXCLUSIVE, "public.d_n", "index", DOCUMENTS)
    trace = _trace(
        locks=(_lock(LockMode.ACCESS_EXCLUSIVE), index),
        **REWRITES,
        held=(_lock(LockMode.SHARE, "public.users"),),
    )
    assert consequence(trace, FACTS, frozenset({DOCUMENTS, "public.users"})) == ()


def test_activity_words_describe_locks_scans_and_writes() -> None:
    assert activity_words(BIG) == ""
    used = replace(BIG, scans=2_400_000, writes=1, since=7_200.0)
    assert activity_words(used) == "about 1.2 M scans and less than one written row per hour"
    assert (
        activity_words(replace(used, since=None))
        == "2.4 M scans and 1 written row since its statistics started"
    )
    assert activity_words(replace(used, since=60.0)) == "2.4 M scans and 1 written row in 1 min 0 s"
    one = replace(BIG, sessions=1, oldest=OldestTransaction(12, "psql", 185.0), waiting=2, vacuum=99)
    assert activity_words(one) == (
        "1 session holds a lock on it now, in a transaction open for 3 min 5 s (pid 12, psql); 2 wait for one; "
        "VACUUM is running on it (pid 99)"
    )
    assert activity_words(replace(BIG, sessions=3, hidden=2, oldest=OldestTransaction(None, "", 9.0))) == (
        "3 sessions hold a lock on it now (2 of them hidden from this role), "
        "the oldest in a transaction open for 9 s (prepared transaction, no session)"
    )
    assert activity_words(replace(BIG, sessions=1, hidden=1)) == (
        "1 session holds a lock on it now, for a time that is hidden from this role"
    )


REAL = [
    ("ALTER TABLE documents ADD COLUMN c int DEFAULT 3", f"ACCESS EXCLUSIVE on documents ({{}}): {QUEUE}"),
    (
        "CREATE INDEX ON chunks (document_id)",
        f"SHARE on chunks (40 GB, 1.2 bn rows), scans the whole table: {WRITES}\n"
        "ACCESS EXCLUSIVE on documents is still held from statement 1 while this statement scans chunks",
    ),
    (
        "ALTER TABLE documents ALTER n TYPE bigint",
        f"ACCESS EXCLUSIVE on documents ({{}}), held since statement 1, rewrites it: {ALL}\n"
        "SHARE on chunks is still held from statement 2 while this statement rewrites documents",
    ),
    (
        "TRUNCATE chunks",
        f"ACCESS EXCLUSIVE on chunks (40 GB, 1.2 bn rows), truncates it: its rows are deleted; {QUEUE}",
    ),
]


async def test_sentences_for_statements_on_a_real_server(database: str) -> None:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as conn:
        await conn.execute("CREATE TABLE documents (id bigint PRIMARY KEY, n int)")
        await conn.execute("CREATE TABLE chunks (id bigint PRIMARY KEY, document_id bigint)")
        tracer = Tracer(conn)
        await tracer.begin()
        seen: list[StatementTrace] = []
        async with conn.transaction(force_rollback=True):
            for index, (statement, sentences) in enumerate(REAL, start=1):
                await conn.execute(statement.encode())
                trace = await tracer.trace_statement(
                    StatementTrace(index, index, statement, in_transaction=True, seconds=0.0)
                )
                assert "\n".join(_sentences(trace, *seen)) == sentences.format("12 GB, 40 M rows")
                seen.append(trace)
