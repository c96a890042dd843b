-- All relations that a migration can change, without catalogs, TOAST tables, temporary relations and koonj's own.
-- Columns and constraints are JSON arrays, which koonj parses only if they changed. No function here opens a
-- relation, because that would lock it.
SELECT c.oid::bigint,
       pg_catalog.quote_ident(n.nspname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||)
       pg_catalog.quote_ident(c.relname),
       c.relkind::text,
       c.relfilenode::bigint,
       c.reltablespace::bigint,
       c.reltoastrelid::bigint,
       c.reltuples::double precision,
       c.relispopulated,
       i.indrelid::bigint,
       i.indisvalid,
       columns.list,
       constraints.list
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid OPERATOR(pg_catalog.=) c.oid
LEFT JOIN (
    SELECT a.attrelid,
           pg_catalog.json_agg(pg_catalog.json_build_array(
               a.attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
               d.oid::bigint, a.atttypid::bigint, a.atttypmod, a.attgenerated OPERATOR(pg_catalog.<>) ''::"char",
               pg_catalog.format_type(b.typbasetype, b.typtypmod)
           ) ORDER BY a.attnum)::text AS list
    FROM pg_catalog.pg_attribute AS a
    LEFT JOIN pg_catalog.pg_attrdef AS d
        ON d.adrelid OPERATOR(pg_catalog.=) a.attrelid AND d.adnum OPERATOR(pg_catalog.=) a.attnum
    LEFT JOIN pg_catalog.pg_type AS b
        ON b.oid OPERATOR(pg_catalog.=) a.atttypid AND b.typtype OPERATOR(pg_catalog.=) 'd'::"char"
    WHERE a.attrelid OPERATOR(pg_catalog.>=) 16384::oid
      AND a.attnum OPERATOR(pg_catalog.>) 0
      AND NOT a.attisdropped
    GROUP BY a.attrelid
) AS columns
    ON columns.attrelid OPERATOR(pg_catalog.=) c.oid
   AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,m,v,f,c}'::"char"[])
LEFT JOIN (
    SELECT k.conrelid,
           pg_catalog.json_agg(pg_catalog.json_build_array(
               k.oid::bigint, k.conname, k.contype, k.convalidated, k.confrelid::bigint
           ) ORDER BY k.oid)::text AS list
    FROM pg_catalog.pg_constraint AS k
    WHERE k.conrelid OPERATOR(pg_catalog.>=) 16384::oid
      AND k.conparentid OPERATOR(pg_catalog.=) 0::oid
    GROUP BY k.conrelid
) AS constraints ON constraints.conrelid OPERATOR(pg_catalog.=) c.oid
WHERE c.oid OPERATOR(pg_catalog.>=) 16384::oid
  AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,m,v,f,c,i,I,S}'::"char"[])
  AND c.relpersistence OPERATOR(pg_catalog.<>) 't'::"char"
  AND n.nspname OPERATOR(pg_catalog.<>) ALL ('{pg_toast,koonj}'::name[])
