-- Columns of the relations of relations.sql. Run it with an empty search_path.
SELECT a.attrelid::pg_catalog.int8,
       a.attname::pg_catalog.text,
       pg_catalog.format_type(a.atttypid, a.atttypmod),
       a.attnotnull
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE a.attnum > 0
  AND NOT a.attisdropped
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'koonj')
  AND n.nspname !~ '^pg_(toast|temp)'
ORDER BY a.attrelid, a.attnum
LIMIT 50000
