-- Indexes without their definitions, which definitions.sql reads. Run it with an empty search_path.
SELECT i.indexrelid::pg_catalog.int8,
       n.nspname::pg_catalog.text,
       x.relname::pg_catalog.text,
       i.indrelid::pg_catalog.int8,
       i.indisunique,
       ARRAY(SELECT a.attname::pg_catalog.text
             FROM pg_catalog.generate_series(0, i.indnkeyatts - 1) AS k
             JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k]
             WHERE 0 <> ALL (i.indkey::pg_catalog.int2[])
             ORDER BY k),
       i.indisvalid AND i.indimmediate AND i.indpred IS NULL
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'koonj')
  AND n.nspname !~ '^pg_(toast|temp)'
LIMIT 10000
