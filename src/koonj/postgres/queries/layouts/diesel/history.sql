-- The versions that diesel has recorded. run_on is a time without a zone, so it is not shown.
SELECT version::pg_catalog.text FROM {table} ORDER BY 1
