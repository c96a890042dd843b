-- Tables and partitions with a file that is not empty. It can contain only rows of transactions that were rolled back.
SELECT n.nspname::text, c.relname::text
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.oid OPERATOR(pg_catalog.>=) 16384::oid
  AND c.relkind OPERATOR(pg_catalog.=) 'r'::"char"
  AND c.relpersistence OPERATOR(pg_catalog.<>) 't'::"char"
  AND pg_catalog.pg_relation_size(c.oid) OPERATOR(pg_catalog.>) 0
