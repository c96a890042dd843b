-- Reads the catalog, so that it also works for a role without USAGE on the schema.
SELECT c.oid
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE n.nspname OPERATOR(pg_catalog.=) 'koonj' AND c.relname OPERATOR(pg_catalog.=) 'history'
