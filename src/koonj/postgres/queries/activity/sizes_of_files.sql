-- Size of the files of some tables, with indexes and TOAST: of those that were never analyzed, so that pg_class does
-- not know it. pg_total_relation_size() takes ACCESS SHARE for a moment. It would wait for a session that has, or waits
-- for, ACCESS EXCLUSIVE, so such tables are left out.
-- Run it with an empty search_path, so that all operators are those of pg_catalog.
WITH locked AS MATERIALIZED (
    SELECT l.relation
    FROM pg_catalog.pg_locks AS l
    WHERE l.locktype = 'relation'
      AND l.mode = 'AccessExclusiveLock'
      AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
      AND l.database = (
          SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()
      )
)
SELECT c.oid, pg_catalog.pg_total_relation_size(c.oid)
FROM pg_catalog.pg_class AS c
WHERE c.oid = ANY (%(tables)s::pg_catalog.oid[])
  AND c.oid NOT IN (SELECT k.relation FROM locked AS k)
  AND c.reltoastrelid NOT IN (SELECT k.relation FROM locked AS k)
  AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_index AS i
      JOIN locked AS k ON k.relation = i.indexrelid
      WHERE i.indrelid = c.oid
  )
