-- Row 0 of an entry: the session that runs it. The start is added in two intervals: one float is not exact for all
-- of it, and PostgreSQL 13 refuses an interval of so many microseconds.
INSERT INTO koonj.statement (
    entry_id, index, statement_hash, sent, backend_pid, backend_start, before, state, run_id
) VALUES (
    %(entry_id)s, 0, '', pg_catalog.clock_timestamp(), %(pid)s,
    'epoch'::timestamp with time zone
        OPERATOR(pg_catalog.+) pg_catalog.make_interval(
            secs => (%(start)s::pg_catalog.int8 OPERATOR(pg_catalog./) 1000000)::pg_catalog.float8
        )
        OPERATOR(pg_catalog.+) pg_catalog.make_interval(
            secs => pg_catalog.mod(%(start)s::pg_catalog.int8, 1000000)::pg_catalog.float8 OPERATOR(pg_catalog./) 1000000
        ),
    '{}', 'sent', %(run_id)s
) RETURNING entry_id
