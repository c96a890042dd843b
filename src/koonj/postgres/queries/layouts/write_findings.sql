-- Why koonj writes no row into a table of another tool. What makes it unsafe to read was found before (find_tables).
-- A trigger would run with the rights of koonj's role, and can do anything to the row.
SELECT 'has a trigger (' OPERATOR(pg_catalog.||) t.tgname::pg_catalog.text OPERATOR(pg_catalog.||) ')'
FROM pg_catalog.pg_trigger AS t
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) t.tgrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE n.nspname OPERATOR(pg_catalog.=) %(schema)s::pg_catalog.name
  AND c.relname OPERATOR(pg_catalog.=) %(table)s::pg_catalog.name
  AND NOT t.tgisinternal
UNION ALL
SELECT 'has a column that the tool does not know (' OPERATOR(pg_catalog.||) a.attname::pg_catalog.text OPERATOR(pg_catalog.||) ')'
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE n.nspname OPERATOR(pg_catalog.=) %(schema)s::pg_catalog.name
  AND c.relname OPERATOR(pg_catalog.=) %(table)s::pg_catalog.name
  AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
  AND a.attname OPERATOR(pg_catalog.<>) ALL (%(columns)s::pg_catalog.name[])
UNION ALL
SELECT 'could not be written: this role has no right to'
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE n.nspname OPERATOR(pg_catalog.=) %(schema)s::pg_catalog.name
  AND c.relname OPERATOR(pg_catalog.=) %(table)s::pg_catalog.name
  AND EXISTS (
      SELECT FROM pg_catalog.unnest(%(rights)s::pg_catalog.text[]) AS needed(name)
      WHERE NOT pg_catalog.has_table_privilege(c.oid, needed.name)
  )
