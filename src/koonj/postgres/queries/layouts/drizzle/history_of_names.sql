-- One row for each migration that drizzle 1.0 has run; rows of 0.x have no name until it has filled them.
SELECT created_at::pg_catalog.int8, hash::pg_catalog.text, name::pg_catalog.text FROM {table} ORDER BY created_at, id
