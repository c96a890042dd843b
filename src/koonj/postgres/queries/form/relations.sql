-- Tables, views and sequences of all schemas that are not the system's, with their estimated size and rows.
-- No function here opens a relation, so nothing waits for its lock. Run it with an empty search_path.
SELECT c.oid::pg_catalog.int8,
       n.nspname::pg_catalog.text,
       c.relname::pg_catalog.text,
       c.relkind::pg_catalog.text,
       CASE WHEN c.relkind IN ('r', 'm') AND NOT (c.relpages = 0 AND (c.reltuples < 0 OR live.count > 0))
            THEN (c.relpages::pg_catalog.int8 + coalesce(toast.relpages, 0) + coalesce(indexes.pages, 0))
                 * pg_catalog.current_setting('block_size')::pg_catalog.int8 END,
       CASE WHEN c.relkind IN ('r', 'm') AND greatest(c.reltuples, live.count, 0) >= 0
                 AND (c.reltuples >= 0 OR live.count > 0)
            THEN greatest(c.reltuples, live.count, 0)::pg_catalog.int8 END,
       CASE WHEN c.relispartition THEN
           (SELECT i.inhparent FROM pg_catalog.pg_inherits AS i WHERE i.inhrelid = c.oid LIMIT 1)
       END::pg_catalog.int8,
       pg_catalog.left(d.description, 2000)
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT pg_catalog.pg_stat_get_live_tuples(c.oid) AS count) AS live
LEFT JOIN pg_catalog.pg_class AS toast ON toast.oid = c.reltoastrelid
LEFT JOIN LATERAL (
    SELECT pg_catalog.sum(x.relpages)::pg_catalog.int8 AS pages
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
    WHERE i.indrelid = c.oid
) AS indexes ON true
LEFT JOIN pg_catalog.pg_description AS d
    ON d.objoid = c.oid AND d.objsubid = 0 AND d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'koonj')
  AND n.nspname !~ '^pg_(toast|temp)'
LIMIT 5000
