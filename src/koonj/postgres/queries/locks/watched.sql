-- Locks that another session holds or waits for. The relation is NULL if the session waits for the end of a
-- transaction. SIReadLock is omitted: it marks what a SERIALIZABLE transaction has read, and blocks no session.
SELECT CASE WHEN l.locktype OPERATOR(pg_catalog.=) 'relation' THEN l.relation END::bigint, l.mode, l.granted
FROM pg_catalog.pg_locks AS l
WHERE l.pid OPERATOR(pg_catalog.=) %(pid)s
  AND l.mode OPERATOR(pg_catalog.<>) 'SIReadLock'
  AND (
      NOT l.granted
      OR l.locktype OPERATOR(pg_catalog.=) 'relation' AND l.relation OPERATOR(pg_catalog.>=) 16384::oid
  )
