-- Queries of views, and definitions of indexes with what comes before the columns. pg_get_viewdef() and
-- pg_get_indexdef() take ACCESS SHARE on tables, so run it with a lock_timeout, and with an empty search_path.
(SELECT c.oid::pg_catalog.int8, '', pg_catalog.pg_get_viewdef(c.oid)
 FROM pg_catalog.pg_class AS c
 JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('v', 'm')
   AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'koonj')
   AND n.nspname !~ '^pg_(toast|temp)'
 LIMIT 500)
UNION ALL
(SELECT i.indexrelid::pg_catalog.int8,
        pg_catalog.format('CREATE %sINDEX %I ON %s%I.%I ', CASE WHEN i.indisunique THEN 'UNIQUE ' END, x.relname,
                          CASE WHEN t.relkind = 'p' THEN 'ONLY ' END, n.nspname, t.relname),
        pg_catalog.pg_get_indexdef(i.indexrelid)
 FROM pg_catalog.pg_index AS i
 JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
 JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
 JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
 WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'koonj')
   AND n.nspname !~ '^pg_(toast|temp)'
 LIMIT 10000)
