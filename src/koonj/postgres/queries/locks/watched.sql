-- The locks that another session holds or waits for; without a relation where it is not one that is locked, but a
-- transaction whose end is waited for.
SELECT CASE WHEN l.locktype OPERATOR(pg_catalog.=) 'relation' THEN l.relation END::bigint, l.mode, l.granted
FROM pg_catalog.pg_locks AS l
WHERE l.pid OPERATOR(pg_catalog.=) %(pid)s
  AND (
      NOT l.granted
      OR l.locktype OPERATOR(pg_catalog.=) 'relation' AND l.relation OPERATOR(pg_catalog.>=) 16384::oid
  )
