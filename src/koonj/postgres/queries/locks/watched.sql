-- The locks that another session holds or waits for; without a relation where it is not one that is locked, but a
-- transaction whose end is waited for. SIReadLock blocks nobody: it is what SERIALIZABLE has read.
SELECT CASE WHEN l.locktype OPERATOR(pg_catalog.=) 'relation' THEN l.relation END::bigint, l.mode, l.granted
FROM pg_catalog.pg_locks AS l
WHERE l.pid OPERATOR(pg_catalog.=) %(pid)s
  AND l.mode OPERATOR(pg_catalog.<>) 'SIReadLock'
  AND (
      NOT l.granted
      OR l.locktype OPERATOR(pg_catalog.=) 'relation' AND l.relation OPERATOR(pg_catalog.>=) 16384::oid
  )
