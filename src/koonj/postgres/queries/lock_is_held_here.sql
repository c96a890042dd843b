-- A session has advisory locks only in its own database, so the pid says that, too.
SELECT l.pid
FROM pg_catalog.pg_locks AS l
WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory'
  AND l.granted
  AND l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
  AND l.objsubid OPERATOR(pg_catalog.=) 1
  AND l.classid::pg_catalog.int8 OPERATOR(pg_catalog.=) %(high)s
  AND l.objid::pg_catalog.int8 OPERATOR(pg_catalog.=) %(low)s
