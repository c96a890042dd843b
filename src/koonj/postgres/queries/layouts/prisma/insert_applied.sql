-- The row of an applied migration: the unfinished one that was written before it, or a new one. A migration can have
-- several rows, of attempts that are marked as rolled back.
INSERT INTO {table} AS r (id, checksum, started_at, migration_name, finished_at, applied_steps_count)
VALUES (
    coalesce(
        (
            SELECT s.id::pg_catalog.text
            FROM {table} AS s
            WHERE s.migration_name::pg_catalog.text OPERATOR(pg_catalog.=) %(name)s
              AND s.finished_at IS NULL
              AND s.rolled_back_at IS NULL
        ),
        pg_catalog.gen_random_uuid()::pg_catalog.text
    ),
    %(checksum)s,
    pg_catalog.transaction_timestamp(),
    %(name)s,
    pg_catalog.clock_timestamp(),
    1
)
ON CONFLICT (id) DO UPDATE
SET finished_at = EXCLUDED.finished_at,
    applied_steps_count = r.applied_steps_count OPERATOR(pg_catalog.+) 1
