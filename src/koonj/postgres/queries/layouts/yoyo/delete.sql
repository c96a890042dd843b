-- The rows of a migration that is rolled back: one more in the log.
WITH logged AS (
    INSERT INTO {log} (id, migration_hash, migration_id, operation, username, hostname, created_at_utc)
    VALUES (
        pg_catalog.gen_random_uuid()::pg_catalog.text,
        %(hash)s,
        %(id)s,
        'rollback',
        %(user)s,
        %(host)s,
        pg_catalog.timezone('UTC', pg_catalog.clock_timestamp())
    )
)
-- last part
DELETE FROM {table} WHERE migration_hash OPERATOR(pg_catalog.=) %(hash)s
