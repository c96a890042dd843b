-- Tables that can be filled with made-up rows, without partitions: their rows go in through the partitioned table.
-- Everything after the name is JSON. Bounds: those of all partitions below a partitioned table.
SELECT c.oid::bigint,
       n.nspname::text,
       c.relname::text,
       pg_catalog.quote_ident(n.nspname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||)
       pg_catalog.quote_ident(c.relname),
       c.relkind::text,
       (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
                   a.attnum, a.attname, a.atttypid::bigint, a.atttypmod, a.attnotnull,
                   pg_catalog.format_type(a.atttypid, a.atttypmod), pg_catalog.pg_get_expr(d.adbin, d.adrelid)
               ) ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute AS a
        LEFT JOIN pg_catalog.pg_attrdef AS d
            ON d.adrelid OPERATOR(pg_catalog.=) a.attrelid AND d.adnum OPERATOR(pg_catalog.=) a.attnum
        WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid
          AND a.attnum OPERATOR(pg_catalog.>) 0
          AND NOT a.attisdropped
          AND a.attgenerated OPERATOR(pg_catalog.=) ''::"char"),
       (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
                   k.contype, k.conkey, k.confrelid::bigint, k.confkey,
                   CASE WHEN k.contype OPERATOR(pg_catalog.=) 'c'::"char"
                        THEN pg_catalog.pg_get_expr(k.conbin, k.conrelid) END
               ) ORDER BY k.oid)
        FROM pg_catalog.pg_constraint AS k
        WHERE k.conrelid OPERATOR(pg_catalog.=) c.oid
          AND k.contype OPERATOR(pg_catalog.=) ANY ('{p,u,f,c,x}'::"char"[])),
       (SELECT pg_catalog.json_agg(DISTINCT i.indkey::text)
        FROM pg_catalog.pg_index AS i
        WHERE i.indrelid OPERATOR(pg_catalog.=) c.oid AND i.indisunique),
       (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
                   pg_catalog.pg_get_partkeydef(p.parent), pg_catalog.pg_get_expr(pc.relpartbound, pc.oid),
                   pc.relname,
                   pg_catalog.concat(pg_catalog.quote_ident(pn.nspname), '.', pg_catalog.quote_ident(pc.relname))
               ) ORDER BY p.level, pc.relname)
        FROM (SELECT t.relid, t.parentrelid AS parent, t.level
              FROM pg_catalog.pg_partition_tree(c.oid) AS t
              WHERE c.relkind OPERATOR(pg_catalog.=) 'p'::"char") AS p
        JOIN pg_catalog.pg_class AS pc ON pc.oid OPERATOR(pg_catalog.=) p.relid::oid
        JOIN pg_catalog.pg_namespace AS pn ON pn.oid OPERATOR(pg_catalog.=) pc.relnamespace
        WHERE p.level OPERATOR(pg_catalog.>) 0)
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.oid OPERATOR(pg_catalog.>=) 16384::oid
  AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p}'::"char"[])
  AND NOT c.relispartition
  AND c.relpersistence OPERATOR(pg_catalog.<>) 't'::"char"
  AND n.nspname OPERATOR(pg_catalog.<>) ALL ('{pg_toast,koonj}'::name[])
ORDER BY c.oid
