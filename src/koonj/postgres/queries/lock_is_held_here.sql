SELECT l.pid
FROM pg_catalog.pg_locks AS l
WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory'
  AND l.granted
  AND l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
  AND l.objsubid OPERATOR(pg_catalog.=) 1
  AND l.classid::pg_catalog.int8 OPERATOR(pg_catalog.=) %(high)s
  AND l.objid::pg_catalog.int8 OPERATOR(pg_catalog.=) %(low)s
  AND l.database OPERATOR(pg_catalog.=) (
      SELECT d.oid FROM pg_catalog.pg_database AS d
      WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
  )
