SELECT l.pid,
       coalesce(a.application_name, ''),
       coalesce(pg_catalog.host(a.client_addr), 'local'),
       coalesce(a.usename::pg_catalog.text, ''),
       (extract(epoch FROM a.backend_start) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8,
       CASE
           WHEN pg_catalog.starts_with(a.state, 'idle')
           THEN (extract(
               epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) a.state_change
           ) OPERATOR(pg_catalog.*) 1000)::pg_catalog.int8
       END
FROM pg_catalog.pg_locks AS l
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid OPERATOR(pg_catalog.=) l.pid
WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory'
  AND l.granted
  AND l.objsubid OPERATOR(pg_catalog.=) 1
  AND l.classid::pg_catalog.int8 OPERATOR(pg_catalog.=) %(high)s
  AND l.objid::pg_catalog.int8 OPERATOR(pg_catalog.=) %(low)s
  AND l.database OPERATOR(pg_catalog.=) (
      SELECT d.oid FROM pg_catalog.pg_database AS d
      WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
  )
LIMIT 1
