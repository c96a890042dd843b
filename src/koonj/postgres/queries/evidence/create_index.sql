-- The index that CREATE INDEX was to create. Without a name in the text: indexes that the table did not have before.
SELECT pg_catalog.format('%%I.%%I', n.nspname, c.relname), i.indisvalid, i.xmin::pg_catalog.text,
       EXISTS (
           SELECT FROM pg_catalog.pg_stat_progress_create_index AS b
           WHERE b.index_relid OPERATOR(pg_catalog.=) i.indexrelid
       )
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE i.indrelid::pg_catalog.int8 OPERATOR(pg_catalog.=) %(table)s
  AND CASE
      WHEN %(index)s::pg_catalog.text IS NULL
      THEN i.indexrelid::pg_catalog.int8 OPERATOR(pg_catalog.<>) ALL (%(indexes)s::pg_catalog.int8[])
           AND c.relname OPERATOR(pg_catalog.!~) '_cc(new|old)[0-9]*$'
      ELSE n.nspname OPERATOR(pg_catalog.=) %(schema)s::pg_catalog.name
           AND c.relname OPERATOR(pg_catalog.=) %(index)s::pg_catalog.name
      END
ORDER BY i.indisvalid, i.indexrelid
