-- Tables and materialized views with a row count that this role is allowed to reset.
SELECT c.oid::bigint
FROM pg_catalog.pg_class AS c
WHERE c.oid OPERATOR(pg_catalog.>=) 16384::oid
  AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,m}'::"char"[])
  AND c.reltuples OPERATOR(pg_catalog.>=) 0::real
  AND pg_catalog.has_table_privilege('pg_catalog.pg_class'::regclass, 'UPDATE')
