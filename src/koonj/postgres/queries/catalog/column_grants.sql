-- Grants on columns.
SELECT c.tableoid, c.oid, quote_ident(a.attname), a.attacl::text[]
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE a.attacl IS NOT NULL AND a.attnum > 0 AND NOT a.attisdropped
      AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
ORDER BY a.attnum
