-- The table that a name as written in a statement means now; for a partition, the topmost partitioned table.
SELECT coalesce(pg_catalog.pg_partition_root(named.relation)::oid, named.relation::oid)::bigint
FROM (SELECT pg_catalog.to_regclass(%(name)s)) AS named(relation)
