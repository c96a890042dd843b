-- What the catalog says of the relations that can hold rows; oids: of which ones, NULL: of all.
SELECT c.oid::bigint,
       pg_catalog.quote_ident(n.nspname),
       pg_catalog.quote_ident(c.relname),
       c.relkind::text,
       CASE WHEN c.relispartition THEN coalesce(pg_catalog.pg_get_partition_constraintdef(c.oid), '') ELSE '' END,
       ARRAY(SELECT h.inhparent::bigint FROM pg_catalog.pg_inherits AS h
             WHERE h.inhrelid OPERATOR(pg_catalog.=) c.oid ORDER BY h.inhseqno),
       (c.relhasrules AND c.relkind OPERATOR(pg_catalog.<>) 'm'::"char") OR EXISTS (
           SELECT FROM pg_catalog.pg_trigger AS t
           WHERE t.tgrelid OPERATOR(pg_catalog.=) c.oid AND NOT t.tgisinternal
       )
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,m}'::"char"[])
  AND c.oid OPERATOR(pg_catalog.>=) 16384::oid
  AND c.relpersistence OPERATOR(pg_catalog.<>) 't'::"char"
  AND n.nspname OPERATOR(pg_catalog.<>) ALL ('{pg_toast,koonj}'::name[])
  AND (%(oids)s::oid[] IS NULL OR c.oid OPERATOR(pg_catalog.=) ANY (%(oids)s::oid[]))
