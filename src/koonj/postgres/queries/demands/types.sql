-- Domains and enums.
SELECT t.oid::bigint,
       pg_catalog.format_type(t.oid, NULL),
       t.typtype::text,
       t.typbasetype::bigint,
       pg_catalog.format_type(t.typbasetype, t.typtypmod),
       t.typnotnull,
       coalesce(pg_catalog.pg_get_expr(t.typdefaultbin, 0), ''),
       b.typnamespace OPERATOR(pg_catalog.=) 'pg_catalog'::pg_catalog.regnamespace,
       ARRAY(SELECT e.enumlabel::text FROM pg_catalog.pg_enum AS e
             WHERE e.enumtypid OPERATOR(pg_catalog.=) t.oid ORDER BY e.enumsortorder)
FROM pg_catalog.pg_type AS t
LEFT JOIN pg_catalog.pg_type AS b ON b.oid OPERATOR(pg_catalog.=) t.typbasetype
WHERE t.typtype OPERATOR(pg_catalog.=) ANY ('{d,e}'::"char"[])
  AND t.oid OPERATOR(pg_catalog.>=) 16384::oid
