-- The rows of an applied migration. yoyo makes the id of the log from the time and the machine.
WITH logged AS (
    INSERT INTO {log} (id, migration_hash, migration_id, operation, username, hostname, created_at_utc)
    VALUES (
        pg_catalog.gen_random_uuid()::pg_catalog.text,
        %(hash)s,
        %(id)s,
        'apply',
        %(user)s,
        %(host)s,
        pg_catalog.timezone('UTC', pg_catalog.clock_timestamp())
    )
)
-- last part
INSERT INTO {table} (migration_hash, migration_id, applied_at_utc)
VALUES (%(hash)s, %(id)s, pg_catalog.timezone('UTC', pg_catalog.clock_timestamp()))
