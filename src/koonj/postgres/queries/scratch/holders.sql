-- Other sessions that hold the lock of rehearsals, in any database. The one that connected first is the holder; the
-- others try to take the lock, and release it again.
SELECT l.pid,
       coalesce(a.application_name, ''),
       coalesce(pg_catalog.host(a.client_addr), 'local'),
       coalesce(a.usename::pg_catalog.text, ''),
       (extract(epoch FROM a.backend_start) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8
FROM pg_catalog.pg_locks AS l
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid OPERATOR(pg_catalog.=) l.pid
WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory'
  AND l.classid OPERATOR(pg_catalog.=) %(class)s::pg_catalog.oid
  AND l.objid OPERATOR(pg_catalog.=) %(object)s::pg_catalog.oid
  AND l.objsubid OPERATOR(pg_catalog.=) 2
  AND l.granted
  AND l.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()
ORDER BY a.backend_start
