-- The form of the tables that yoyo has made, if it has noted one.
SELECT pg_catalog.max(version)::pg_catalog.int8 FROM {table} HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 0
