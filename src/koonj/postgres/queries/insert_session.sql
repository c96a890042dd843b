-- Row 0 of an entry: the session that runs it. The start is added as an interval, because a float is not exact.
INSERT INTO koonj.statement (
    entry_id, index, statement_hash, sent, backend_pid, backend_start, before, state, run_id
) VALUES (
    %(entry_id)s, 0, '', pg_catalog.clock_timestamp(), %(pid)s,
    'epoch'::timestamp with time zone OPERATOR(pg_catalog.+)
        (%(start)s::pg_catalog.text OPERATOR(pg_catalog.||) ' microseconds')::pg_catalog.interval,
    '{}', 'sent', %(run_id)s
) RETURNING entry_id
