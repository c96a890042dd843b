-- Tables and materialized views with the names by which a statement can refer to them: their own and their indexes'.
SELECT c.oid::bigint,
       n.nspname,
       c.relname,
       c.relkind::text,
       c.relispopulated,
       ARRAY(
           SELECT x.relname::text
           FROM pg_catalog.pg_index AS i
           JOIN pg_catalog.pg_class AS x ON x.oid OPERATOR(pg_catalog.=) i.indexrelid
           WHERE i.indrelid OPERATOR(pg_catalog.=) c.oid
       )
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.oid OPERATOR(pg_catalog.>=) 16384::oid
  AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,m}'::"char"[])
  AND c.relpersistence OPERATOR(pg_catalog.<>) 't'::"char"
  AND n.nspname OPERATOR(pg_catalog.<>) ALL ('{pg_toast,koonj}'::name[])
ORDER BY c.oid
