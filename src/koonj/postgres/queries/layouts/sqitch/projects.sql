-- The projects that are registered.
SELECT project::pg_catalog.text, uri::pg_catalog.text FROM {table} ORDER BY 1
