-- The version of the registry, if it has one.
SELECT pg_catalog.max(version)::pg_catalog.text FROM {table} HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 0
