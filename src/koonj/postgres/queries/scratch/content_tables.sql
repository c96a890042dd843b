-- Tables whose contents are compared, each with its columns, sorted by name. Generated columns follow from others.
SELECT c.oid::bigint,
       n.nspname::text,
       c.relname::text,
       pg_catalog.quote_ident(n.nspname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||)
       pg_catalog.quote_ident(c.relname),
       c.relkind::text,
       ARRAY(
           SELECT a.attname::text
           FROM pg_catalog.pg_attribute AS a
           WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid
             AND a.attnum OPERATOR(pg_catalog.>) 0
             AND NOT a.attisdropped
             AND a.attgenerated OPERATOR(pg_catalog.=) ''::"char"
           ORDER BY a.attname
       )
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.oid OPERATOR(pg_catalog.>=) 16384::oid
  AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p}'::"char"[])
  AND NOT c.relispartition
  AND c.relpersistence OPERATOR(pg_catalog.<>) 't'::"char"
  AND n.nspname OPERATOR(pg_catalog.<>) ALL ('{pg_toast,koonj}'::name[])
