-- The locks that another session holds or waits for. Waits for transactions are among them, without a relation.
SELECT l.relation::bigint, l.mode, l.granted
FROM pg_catalog.pg_locks AS l
WHERE l.pid OPERATOR(pg_catalog.=) %(pid)s
  AND (NOT l.granted OR l.relation OPERATOR(pg_catalog.>=) 16384::oid)
