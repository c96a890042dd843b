-- The indexes that REINDEX CONCURRENTLY rebuilds, with their tables: of an index or a table, with its partitions and
-- TOAST tables. It skips indexes of exclusion constraints and, of a table, INVALID ones.
WITH named AS (
    SELECT pg_catalog.to_regclass(%(name)s)::pg_catalog.oid AS oid
),
parts AS (
    SELECT coalesce(p.relid::pg_catalog.oid, m.oid) AS oid
    FROM named AS m
    LEFT JOIN LATERAL pg_catalog.pg_partition_tree(m.oid::pg_catalog.regclass) AS p ON true
),
tables AS (
    SELECT c.oid
    FROM parts AS p
    JOIN pg_catalog.pg_class AS t ON t.oid OPERATOR(pg_catalog.=) p.oid
    JOIN pg_catalog.pg_class AS c
        ON c.oid OPERATOR(pg_catalog.=) t.oid OR c.oid OPERATOR(pg_catalog.=) t.reltoastrelid
    WHERE %(of_table)s::pg_catalog.bool
),
wanted AS (
    SELECT i.indexrelid, i.indrelid, n.nspname, c.relname
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    WHERE c.relkind OPERATOR(pg_catalog.=) 'i'
      AND NOT i.indisexclusion
      AND CASE
          WHEN %(of_table)s::pg_catalog.bool
          THEN i.indisvalid AND i.indrelid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT t.oid FROM tables AS t))
          ELSE i.indexrelid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT p.oid FROM parts AS p))
          END
)
SELECT pg_catalog.jsonb_build_object(
    'indexes', (
        SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
            'oid', w.indexrelid::pg_catalog.int8, 'schema', w.nspname, 'name', w.relname
        ))
        FROM wanted AS w
    ),
    'tables', ARRAY(SELECT DISTINCT w.indrelid::pg_catalog.int8 FROM wanted AS w)
)
FROM named AS m
WHERE m.oid IS NOT NULL
