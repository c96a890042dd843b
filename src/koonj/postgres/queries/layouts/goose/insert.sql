-- The row of an applied migration. The table has no key that refuses a second one, so the query does.
INSERT INTO {table} (version_id, is_applied)
SELECT %(version)s::pg_catalog.int8, true
WHERE NOT EXISTS (
    SELECT FROM {table} AS r WHERE r.version_id OPERATOR(pg_catalog.=) %(version)s::pg_catalog.int8
)
