-- Materialized views in the order of their creation, so that each follows those that it reads.
SELECT pg_catalog.quote_ident(n.nspname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||)
       pg_catalog.quote_ident(c.relname)
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.relkind OPERATOR(pg_catalog.=) 'm'::"char"
  AND c.relispopulated
  AND c.oid OPERATOR(pg_catalog.>=) 16384::oid
ORDER BY c.oid
