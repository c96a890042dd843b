-- The columns of the relations. A NOT NULL that is NOT VALID (18) demands nothing of the rows that exist.
SELECT a.attrelid::bigint,
       a.attnum::integer,
       pg_catalog.quote_ident(a.attname),
       pg_catalog.format_type(a.atttypid, a.atttypmod),
       a.atttypid::bigint,
       t.typlen::integer,
       t.typnamespace OPERATOR(pg_catalog.=) 'pg_catalog'::pg_catalog.regnamespace,
       a.attnotnull AND NOT EXISTS (
           SELECT FROM pg_catalog.pg_constraint AS k
           WHERE k.conrelid OPERATOR(pg_catalog.=) a.attrelid
             AND k.contype OPERATOR(pg_catalog.=) 'n'::"char"
             AND NOT k.convalidated
             AND a.attnum OPERATOR(pg_catalog.=) ANY (k.conkey)
       ),
       a.attidentity OPERATOR(pg_catalog.<>) ''::"char",
       a.attgenerated::text,
       coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), ''),
       d.oid::bigint
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) a.atttypid
LEFT JOIN pg_catalog.pg_attrdef AS d
    ON d.adrelid OPERATOR(pg_catalog.=) a.attrelid AND d.adnum OPERATOR(pg_catalog.=) a.attnum
WHERE a.attrelid OPERATOR(pg_catalog.>=) 16384::oid
  AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,m}'::"char"[])
  AND a.attnum OPERATOR(pg_catalog.>) 0
  AND NOT a.attisdropped
  AND (%(oids)s::oid[] IS NULL OR a.attrelid OPERATOR(pg_catalog.=) ANY (%(oids)s::oid[]))
ORDER BY a.attrelid, a.attnum
