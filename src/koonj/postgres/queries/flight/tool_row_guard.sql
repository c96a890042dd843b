-- As row_guard.sql, for the row of another tool: the session holds the koonj lock and those of the tool, each twice.
SELECT CASE
    WHEN NOT EXISTS (SELECT FROM entry)
    THEN ('koonj: no row written by ' OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.bool
    WHEN (
        SELECT pg_catalog.bool_and(
            CASE
                WHEN pg_catalog.pg_advisory_unlock(k.key) THEN pg_catalog.pg_try_advisory_lock(k.key)
                ELSE false
            END
        )
        FROM pg_catalog.unnest(%(locks)s::pg_catalog.int8[]) AS k(key)
    ) THEN true
    ELSE ('koonj: lock released by ' OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.bool
END
