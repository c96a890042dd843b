-- Tables and materialized views whose rows have been counted, where this role may say that they have not.
SELECT c.oid::bigint
FROM pg_catalog.pg_class AS c
WHERE c.oid OPERATOR(pg_catalog.>=) 16384::oid
  AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,m}'::"char"[])
  AND c.reltuples OPERATOR(pg_catalog.>=) 0::real
  AND pg_catalog.has_table_privilege('pg_catalog.pg_class'::regclass, 'UPDATE')
