-- The row of a migration of drizzle 0.x: the hash of its file, and its time in the journal. No key of the table refuses
-- a second one.
INSERT INTO {table} (hash, created_at)
SELECT %(hash)s::pg_catalog.text, %(created_at)s::pg_catalog.int8
WHERE NOT EXISTS (
    SELECT FROM {table} AS t
    WHERE t.created_at OPERATOR(pg_catalog.=) %(created_at)s::pg_catalog.int8
)
