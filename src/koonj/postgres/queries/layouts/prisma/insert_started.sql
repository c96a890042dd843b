-- The row of a migration that runs outside a transaction. While it is unfinished, prisma refuses to run (P3009).
INSERT INTO {table} (id, checksum, started_at, migration_name)
VALUES (
    pg_catalog.gen_random_uuid()::pg_catalog.text,
    %(checksum)s,
    pg_catalog.clock_timestamp(),
    %(name)s
)
