-- One row for each attempt at a migration: its checksum, whether it has finished, whether `prisma migrate resolve` has
-- marked it as rolled back, and the first error of its log. A migration can have several rows.
SELECT migration_name::pg_catalog.text,
       checksum::pg_catalog.text,
       finished_at IS NOT NULL,
       rolled_back_at IS NOT NULL,
       pg_catalog.left(pg_catalog.substring(logs::pg_catalog.text, 'ERROR: ([^\r\n]*)'), 200)
FROM {table}
ORDER BY started_at, id
