-- One row for each migration that drizzle 0.x has run: the time in its journal, in milliseconds, and the hash.
SELECT created_at::pg_catalog.int8, hash::pg_catalog.text, NULL FROM {table} ORDER BY created_at, id
