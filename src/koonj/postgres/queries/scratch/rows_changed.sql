-- Tables of which this transaction has updated or deleted rows, by the OID of the topmost partitioned table.
SELECT coalesce(pg_catalog.pg_partition_root(c.oid)::oid, c.oid)::bigint,
       pg_catalog.sum(pg_catalog.pg_stat_get_xact_tuples_updated(c.oid)
                      OPERATOR(pg_catalog.+) pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid))::bigint
FROM pg_catalog.pg_class AS c
WHERE c.relkind OPERATOR(pg_catalog.=) 'r'::"char"
  AND c.oid OPERATOR(pg_catalog.>=) 16384::oid
  AND (pg_catalog.pg_stat_get_xact_tuples_updated(c.oid) OPERATOR(pg_catalog.>) 0
       OR pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid) OPERATOR(pg_catalog.>) 0)
GROUP BY 1
