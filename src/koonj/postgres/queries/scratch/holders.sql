-- Sessions that hold the lock of rehearsals in any database, including this one.
SELECT l.pid
FROM pg_catalog.pg_locks AS l
WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory'
  AND l.classid OPERATOR(pg_catalog.=) %(class)s::pg_catalog.oid
  AND l.objid OPERATOR(pg_catalog.=) %(object)s::pg_catalog.oid
  AND l.objsubid OPERATOR(pg_catalog.=) 2
  AND l.granted
