-- Sessions and statements of entries that have no recorded end, and what these sessions do now; also statements that
-- failed. A session whose start the server hides counts as the same one.
SELECT s.entry_id, s.index, (extract(epoch FROM s.sent) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8,
       s.backend_pid, (extract(epoch FROM s.backend_start) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8,
       s.before, a.pid IS NOT NULL, a.state, a.wait_event_type, a.wait_event
FROM koonj.statement AS s
JOIN koonj.history AS h ON h.id OPERATOR(pg_catalog.=) s.entry_id
LEFT JOIN pg_catalog.pg_stat_activity AS a
    ON a.pid OPERATOR(pg_catalog.=) s.backend_pid
   AND coalesce(a.backend_start OPERATOR(pg_catalog.=) s.backend_start, true)
WHERE h.outcome OPERATOR(pg_catalog.=) 'started'
   OR (
       h.outcome OPERATOR(pg_catalog.=) 'failed'
       AND s.state OPERATOR(pg_catalog.=) 'sent'
       AND s.index OPERATOR(pg_catalog.=) (h.statements_done OPERATOR(pg_catalog.+) 1)
   )
ORDER BY s.entry_id, s.index
