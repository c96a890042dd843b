-- The relations that this session's transaction has locked, and those into which it can have written.
SELECT l.relation::bigint, pg_catalog.bool_or(l.mode OPERATOR(pg_catalog.=) 'RowExclusiveLock')
FROM pg_catalog.pg_locks AS l
WHERE l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
  AND l.locktype OPERATOR(pg_catalog.=) 'relation'
  AND l.granted
  AND l.relation OPERATOR(pg_catalog.>=) 16384::oid
GROUP BY l.relation
