-- INVALID indexes with a name, in any schema. The schema of an index is that of its table.
SELECT pg_catalog.quote_ident(n.nspname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||)
       pg_catalog.quote_ident(c.relname)
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
CROSS JOIN pg_catalog.parse_ident(%s) AS p (parts)
WHERE NOT i.indisvalid AND c.relkind OPERATOR(pg_catalog.=) 'i'
  AND c.relname OPERATOR(pg_catalog.=) p.parts[pg_catalog.array_upper(p.parts, 1)]::pg_catalog.name
ORDER BY 1
