-- Counters that all sessions have sent to the server, for tables and materialized views.
SELECT c.oid::bigint,
       pg_catalog.pg_stat_get_numscans(c.oid),
       pg_catalog.pg_stat_get_tuples_returned(c.oid),
       pg_catalog.pg_stat_get_tuples_inserted(c.oid),
       pg_catalog.pg_stat_get_tuples_updated(c.oid),
       pg_catalog.pg_stat_get_tuples_deleted(c.oid)
FROM pg_catalog.pg_class AS c
WHERE c.oid OPERATOR(pg_catalog.>=) 16384::oid
  AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,m}'::"char"[])
