"""The tracer in sessions that a file has changed: results, and no side effects."""

from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg import AsyncConnection

from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.postgres.locks.statistics import forget_counts
from koonj.postgres.locks.strategy import is_silent, needs_watch
from koonj.postgres.locks.trace import (
    ColumnChange,
    ConstraintChange,
    RelationChange,
    RowsWritten,
    StatementTrace,
)
from koonj.postgres.locks.tracer import Tracer
from koonj.sql.statements import classify

SCHEMA = """
CREATE TABLE a (id integer PRIMARY KEY, name varchar(50), n integer DEFAULT 1);
CREATE INDEX a_name ON a (name);
CREATE TABLE b (id integer, a_id integer REFERENCES a);
CREATE TABLE "Ünder score" (id integer);
"""


@pytest.fixture
async def conn(database: str) -> AsyncIterator[AsyncConnection]:
    async with await AsyncConnection.connect(database, autocommit=True) as connection:
        await connection.execute(SCHEMA)
        yield connection


async def _run(
    conn: AsyncConnection, *statements: str, alone: bool = True, end: str = "ROLLBACK"
) -> list[StatementTrace]:
    tracer, traces = Tracer(conn, alone=alone), []
    await tracer.begin()
    await conn.execute("BEGIN")
    for index, text in enumerate(statements, 1):
        await conn.execute(text.encode())
        verdict = classify(text)
        if is_silent(verdict):
            trace = tracer.trace_silent_statement(
                StatementTrace(index, index, verdict.summary, in_transaction=True, seconds=0)
            )
        else:
            trace = await tracer.trace_statement(
                StatementTrace(index, index, verdict.summary, in_transaction=True, seconds=0)
            )
        traces.append(trace)
    await conn.execute(end.encode())
    return traces


def _locks(trace: StatementTrace, what: str = "locks") -> dict[str, str]:
    return {lock.relation: lock.mode.value for lock in getattr(trace, what) if lock.kind != "index"}


async def test_dropped_and_renamed_tables_keep_their_old_names(conn: AsyncConnection) -> None:
    renamed, altered, dropped = await _run(
        conn,
        "ALTER TABLE a RENAME TO c",
        "CREATE INDEX ON c (n)",
        "DROP TABLE c CASCADE",
    )
    assert _locks(renamed) == {"public.a": "ACCESS EXCLUSIVE"}
    assert altered.relations == (RelationChange("public.c_n_idx", "index", "created", "public.a"),)
    assert _locks(dropped) == {"public.b": "ACCESS EXCLUSIVE"}
    assert {(change.relation, change.change) for change in dropped.relations} == {
        ("public.a", "dropped"),
        ("public.a_name", "dropped"),
        ("public.a_pkey", "dropped"),
        ("public.c_n_idx", "dropped"),
    }
    assert dropped.constraints == (ConstraintChange("public.b", "b_a_id_fkey", "foreign key", "dropped"),)


async def test_locks_of_earlier_statements_are_reported_as_held(conn: AsyncConnection) -> None:
    first, second, third = await _run(
        conn,
        "ALTER TABLE a ADD COLUMN x integer",
        "ALTER TABLE a ALTER COLUMN name TYPE text",
        "CREATE INDEX ON b (id)",
    )
    assert (_locks(first), _locks(first, "held")) == ({"public.a": "ACCESS EXCLUSIVE"}, {})
    # The server does not show that a held mode is taken again. The SHARE that it shows would be misleading.
    assert (_locks(second), _locks(second, "held")) == ({}, {"public.a": "ACCESS EXCLUSIVE"})
    assert _locks(second, "effective") == {"public.a": "ACCESS EXCLUSIVE"}
    assert _locks(third) == {"public.b": "SHARE"}
    assert _locks(third, "effective") == {"public.a": "ACCESS EXCLUSIVE", "public.b": "SHARE"}


async def test_locks_on_new_relations_are_omitted(conn: AsyncConnection) -> None:
    created, indexed, filled = await _run(
        conn,
        "CREATE TABLE fresh (id integer)",
        "CREATE INDEX ON fresh (id)",
        "INSERT INTO fresh VALUES (1), (2)",
    )
    assert [change.relation for change in created.relations] == ["public.fresh"]
    assert (indexed.locks, indexed.scanned, indexed.held) == ((), (), ())
    assert filled.written == (RowsWritten("public.fresh", 2, 0, 0),)


async def test_locks_and_tables_are_restored_when_rolled_back_to_a_savepoint(conn: AsyncConnection) -> None:
    _, dropped, undone, again = await _run(
        conn, "SAVEPOINT s", "DROP TABLE b", "ROLLBACK TO SAVEPOINT s", "TRUNCATE b"
    )
    assert dropped.relations == (RelationChange("public.b", "table", "dropped"),)
    assert (undone.locks, undone.relations) == ((), ())
    assert (_locks(again), _locks(again, "held")) == ({"public.b": "ACCESS EXCLUSIVE"}, {})
    assert again.truncated == ("public.b",)


async def test_savepoint_of_the_file_works_when_it_has_the_tracers_name(conn: AsyncConnection) -> None:
    traces = await _run(
        conn, "SAVEPOINT koonj_trace", "DROP TABLE b", "ROLLBACK TO SAVEPOINT koonj_trace", "SELECT FROM b"
    )
    assert _locks(traces[-1]) == {"public.b": "ACCESS SHARE"}


async def test_set_transaction_works_when_it_comes_first(conn: AsyncConnection) -> None:
    traces = await _run(
        conn, "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SELECT FROM a", "SHOW transaction_isolation"
    )
    assert _locks(traces[1]) == {"public.a": "ACCESS SHARE"}  # and no SIReadLock, which blocks no session


async def test_trace_is_the_same_in_a_hostile_session(scratch: TemporaryServer) -> None:
    """The session has no rights and unusual settings.

    These are another search_path and encoding, a timeout, and tables named like catalogs.
    """
    async with await AsyncConnection.connect(scratch.dsn(), autocommit=True) as conn:
        await conn.execute(SCHEMA)
        await conn.execute("CREATE ROLE nobody_much; GRANT ALL ON SCHEMA public TO nobody_much")
        await conn.execute("ALTER TABLE a OWNER TO nobody_much; ALTER TABLE b OWNER TO nobody_much")
        hostile = (
            "CREATE SCHEMA shadow; CREATE FUNCTION shadow.quote_ident(name) RETURNS text LANGUAGE sql AS 'SELECT $$x$$';"
            "CREATE FUNCTION shadow.same(oid, oid) RETURNS boolean LANGUAGE sql AS 'SELECT false';"
            "CREATE OPERATOR shadow.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = shadow.same);"
            "CREATE TEMPORARY TABLE pg_class (oid oid); CREATE TEMPORARY TABLE pg_locks (pid integer);"
            "GRANT USAGE ON SCHEMA shadow TO nobody_much"
        )
        await conn.execute(hostile)
        settings = {
            "search_path": "shadow, pg_temp, pg_catalog",
            "statement_timeout": "700ms",
            "lock_timeout": "300ms",
            "quote_all_identifiers": "on",
            "client_encoding": "SQL_ASCII",
            "enable_indexscan": "off",
            "role": "nobody_much",
        }
        sets = [f"SELECT set_config('{name}', '{value}', true)" for name, value in settings.items()]
        tracer = Tracer(conn)
        await tracer.begin()
        await conn.execute("BEGIN")
        for text in (*sets, "ALTER TABLE public.a ALTER COLUMN n TYPE bigint"):
            await conn.execute(text.encode())
        trace = await tracer.trace_statement(StatementTrace(1, 1, "alter", in_transaction=True, seconds=0))
        after = {}
        for name in settings:
            row = await (await conn.execute(f"SHOW {name}".encode())).fetchone()
            assert row is not None
            after[name] = row[0].decode() if isinstance(row[0], bytes) else row[0]
        await conn.execute("COMMIT")
    assert after == settings
    assert _locks(trace) == {"public.a": "ACCESS EXCLUSIVE"}
    assert trace.rewritten == ("public.a",)
    assert trace.rebuilt == ("public.a_name", "public.a_pkey")
    assert trace.columns == (ColumnChange("public.a", "n", "type_changed", "integer", "bigint"),)


async def test_trace_works_for_a_role_without_rights(scratch: TemporaryServer) -> None:
    """A target's role is often not a superuser, so the tracer must not require one."""
    async with await AsyncConnection.connect(scratch.dsn(), autocommit=True) as conn:
        await conn.execute("CREATE ROLE plain_one; GRANT CREATE ON SCHEMA public TO plain_one")
        await conn.execute("SET ROLE plain_one")
        await conn.execute(SCHEMA)
        await forget_counts(conn)
        (trace,) = await _run(conn, "ALTER TABLE a ALTER COLUMN id TYPE bigint")
    assert _locks(trace) == {"public.a": "ACCESS EXCLUSIVE", "public.b": "ACCESS EXCLUSIVE"}


async def test_name_is_read_when_the_session_has_another_encoding(
    conn: AsyncConnection,
) -> None:
    await conn.execute("SET client_encoding TO 'LATIN1'")
    truncate = "SELECT ''TRUNCATE '' || oid::regclass FROM pg_class WHERE relname LIKE ''%nder score''"
    (trace,) = await _run(conn, f"DO 'BEGIN EXECUTE ({truncate}); END'")
    assert trace.truncated == ('public."Ünder score"',)


async def test_trace_works_when_the_file_deallocates_prepared_statements(conn: AsyncConnection) -> None:
    traces = await _run(conn, *["DEALLOCATE ALL", "SELECT FROM a"] * 8)
    assert len(traces) == 16


async def test_counters_of_earlier_transactions_are_not_counted(conn: AsyncConnection) -> None:
    for _ in range(3):
        await conn.execute("SELECT FROM b")
        await conn.execute("INSERT INTO b VALUES (1)")
        (trace,) = await _run(conn, "SELECT FROM b")
        assert [(scan.relation, scan.scans) for scan in trace.scanned] == [("public.b", 1)]
        assert trace.written == ()


async def test_scanned_and_written_rows_are_counted(conn: AsyncConnection) -> None:
    filled, updated, deleted = await _run(
        conn,
        "INSERT INTO b SELECT n FROM generate_series(1, 50) n",
        "UPDATE b SET id = id + 1",
        "DELETE FROM b WHERE id > 41",
    )
    assert filled.written == (RowsWritten("public.b", 50, 0, 0),)
    assert updated.written == (RowsWritten("public.b", 0, 50, 0),)
    assert deleted.written == (RowsWritten("public.b", 0, 0, 10),)
    assert [(scan.scans, scan.rows) for scan in updated.scanned] == [(1, 50)]


async def test_changes_of_columns_are_reported(conn: AsyncConnection) -> None:
    traces = await _run(
        conn,
        "ALTER TABLE a ADD COLUMN x integer NOT NULL DEFAULT 1",
        "ALTER TABLE a RENAME COLUMN name TO title",
        "ALTER TABLE a ALTER COLUMN title TYPE text, ALTER COLUMN title SET NOT NULL",
        "ALTER TABLE a ALTER COLUMN n SET DEFAULT 2",
        "ALTER TABLE a ALTER COLUMN n TYPE bigint",
        "ALTER TABLE a ALTER COLUMN n DROP DEFAULT, ALTER COLUMN title DROP NOT NULL",
        "ALTER TABLE a DROP COLUMN n, DROP COLUMN x",
    )
    assert [trace.columns for trace in traces] == [
        (ColumnChange("public.a", "x", "added", existed=False),),
        (ColumnChange("public.a", "name", "renamed", "name", "title"),),
        (
            ColumnChange("public.a", "title", "type_changed", "character varying(50)", "text"),
            ColumnChange("public.a", "title", "not_null"),
        ),
        (ColumnChange("public.a", "n", "default"),),
        (ColumnChange("public.a", "n", "type_changed", "integer", "bigint"),),
        (ColumnChange("public.a", "title", "nullable"), ColumnChange("public.a", "n", "default")),
        (ColumnChange("public.a", "n", "dropped"), ColumnChange("public.a", "x", "dropped", existed=False)),
    ]
    assert (traces[2].rebuilt, traces[2].relations) == ((), ())  # a new index with the same file


async def test_changes_of_constraints_are_reported(conn: AsyncConnection) -> None:
    traces = await _run(
        conn,
        "ALTER TABLE b ADD CONSTRAINT c CHECK (id > 0) NOT VALID",
        "ALTER TABLE b VALIDATE CONSTRAINT c",
        "ALTER TABLE b ADD CONSTRAINT u UNIQUE (id)",
        "ALTER TABLE b ALTER COLUMN id TYPE bigint",
        "ALTER TABLE b DROP CONSTRAINT c",
    )
    assert [trace.constraints for trace in traces] == [
        (ConstraintChange("public.b", "c", "check", "added_not_valid"),),
        (ConstraintChange("public.b", "c", "check", "validated"),),
        (ConstraintChange("public.b", "u", "unique", "added"),),
        (),
        (ConstraintChange("public.b", "c", "check", "dropped"),),
    ]


async def test_wal_is_reported_only_when_no_other_session_writes(conn: AsyncConnection) -> None:
    own, little = await _run(
        conn, "INSERT INTO b SELECT n FROM generate_series(1, 5000) n", "COMMENT ON TABLE a IS 'x'"
    )
    assert own.wal_bytes is not None
    assert little.wal_bytes is not None
    assert own.wal_bytes > 200_000 > little.wal_bytes > 0
    (shared,) = await _run(conn, "CREATE TABLE fresh AS SELECT 1", alone=False)
    assert shared.wal_bytes is None


async def test_row_count_of_an_empty_table_is_reset_on_a_scratch_database(conn: AsyncConnection) -> None:
    await conn.execute("ANALYZE a")
    await forget_counts(conn)
    (trace,) = await _run(conn, "DELETE FROM a WHERE id = 5")
    assert trace.scanned == ()


async def test_tracer_writes_nothing(conn: AsyncConnection) -> None:
    """The tracer also runs on real databases, where row counts must stay."""
    await conn.execute("ANALYZE a")
    await conn.execute("SET default_transaction_read_only TO on")
    await _run(conn, "SELECT FROM a")
    row = await (await conn.execute("SELECT reltuples FROM pg_class WHERE relname = 'a'")).fetchone()
    assert row == (0,)


async def test_transaction_continues_when_the_trace_fails(conn: AsyncConnection) -> None:
    tracer = Tracer(conn)
    await tracer.begin()
    await conn.execute("BEGIN; CREATE TABLE kept (id integer)")
    await conn.execute("ALTER FUNCTION pg_catalog.pg_lock_status() RENAME TO hidden_away")
    await conn.execute("DROP VIEW pg_catalog.pg_locks CASCADE")
    with pytest.raises(psycopg.errors.UndefinedTable):
        await tracer.trace_statement(StatementTrace(1, 1, "drop", in_transaction=True, seconds=0))
    await conn.execute("INSERT INTO kept VALUES (1)")
    await conn.execute("ROLLBACK")


@pytest.mark.parametrize(
    ("text", "silent"),
    [
        ("SET LOCAL search_path TO ''", True),
        ("SET CONSTRAINTS ALL IMMEDIATE", False),
        ("set  constraints a deferred", False),
        ("SAVEPOINT s", True),
        ("RELEASE s", True),
        ("ROLLBACK TO s", False),
        ("RESET ALL", True),
        ("LOCK TABLE a", False),
        ("SELECT 1", False),
    ],
)
def test_silent_statements_are_recognized(text: str, silent: bool) -> None:
    assert is_silent(classify(text)) is silent


@pytest.mark.parametrize(
    ("text", "watched"),
    [
        ("CREATE INDEX CONCURRENTLY ON a (n)", True),
        ("VACUUM a", True),
        ("REINDEX TABLE a", False),
        ("CALL p()", False),
    ],
)
def test_statements_outside_transactions_are_recognized(text: str, watched: bool) -> None:
    assert needs_watch(classify(text)) is watched


async def test_truncate_and_rewrite_are_distinguished(conn: AsyncConnection) -> None:
    await conn.execute("CREATE TABLE wide (id integer, text text); CREATE INDEX wide_id ON wide (id)")
    for table in ("a", "wide"):
        (rewritten,) = await _run(conn, f"ALTER TABLE {table} ADD COLUMN u uuid DEFAULT gen_random_uuid()")
        assert (rewritten.rewritten, rewritten.truncated) == ((f"public.{table}",), ())
        (emptied,) = await _run(conn, f"TRUNCATE {table} CASCADE")
        assert (emptied.rewritten, emptied.truncated[0]) == ((), f"public.{table}")
    (both,) = await _run(conn, "DO 'BEGIN PERFORM FROM wide; TRUNCATE wide; END'")
    assert both.truncated == ("public.wide",)
    (moved,) = await _run(conn, "CLUSTER wide USING wide_id")
    assert moved.rewritten == ("public.wide",)
