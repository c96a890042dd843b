-- End a session. The system uses pids again, so the session must have begun at %(started)s. No row: it has ended.
SELECT pg_catalog.pg_terminate_backend(a.pid)
FROM pg_catalog.pg_stat_activity AS a
WHERE a.pid OPERATOR(pg_catalog.=) %(pid)s::pg_catalog.int4
  AND (extract(epoch FROM a.backend_start) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8
      OPERATOR(pg_catalog.=) %(started)s::pg_catalog.int8
