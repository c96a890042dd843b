-- Who holds, or awaits, a lock that conflicts with the wanted ones: %(names)s are relations, %(conflicts)s the
-- conflicting modes of each, as one text. A session that polls with NOWAIT waits for nobody, so pg_blocking_pids()
-- does not tell. The columns are those of blockers.sql. Run it with an empty search_path.
WITH wanted AS (
    SELECT c.oid, w.name, w.mode, w.conflicts
    FROM ROWS FROM (
        pg_catalog.unnest(%(names)s::pg_catalog.text[]),
        pg_catalog.unnest(%(modes)s::pg_catalog.text[]),
        pg_catalog.unnest(%(conflicts)s::pg_catalog.text[])
    ) AS w(name, mode, conflicts)
    CROSS JOIN LATERAL pg_catalog.parse_ident(w.name) AS part
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = part[1]::pg_catalog.name
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = part[2]::pg_catalog.name
    WHERE pg_catalog.cardinality(part) = 2
),
-- include activity/locks_of_leaders
held AS (
    SELECT DISTINCT ON (coalesce(l.leader, 0), CASE WHEN l.pid IS NULL THEN l.virtualtransaction END)
           l.leader, l.virtualtransaction, l.mode, l.granted, w.mode AS awaited_mode, w.name
    FROM wanted AS w
    JOIN lock AS l ON l.locktype = 'relation' AND l.relation = w.oid AND l.database = (
        SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()
    )
    WHERE l.mode = ANY (pg_catalog.string_to_array(w.conflicts, ' '))
      AND l.leader IS DISTINCT FROM %(pid)s::pg_catalog.int4
      AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
    ORDER BY coalesce(l.leader, 0), CASE WHEN l.pid IS NULL THEN l.virtualtransaction END, l.granted DESC, w.name
)
SELECT 1,
       %(pid)s::pg_catalog.int4,
       h.leader,
       x.gid,
       coalesce(a.usename, x.owner)::pg_catalog.text,
       a.application_name,
       CASE WHEN a.backend_type IS NOT NULL THEN coalesce(pg_catalog.host(a.client_addr), 'local') END,
       a.state,
       extract(epoch FROM pg_catalog.clock_timestamp() - coalesce(a.xact_start, x.prepared))::pg_catalog.float8,
       extract(epoch FROM pg_catalog.clock_timestamp() - a.state_change)::pg_catalog.float8,
       h.mode,
       h.granted,
       CASE WHEN a.backend_type IS NOT NULL THEN pg_catalog.left(a.query, 1000) END,
       coalesce(a.backend_type = 'autovacuum worker', a.pid IS NOT NULL AND a.usesysid IS NULL),
       h.leader IS NOT NULL AND a.backend_type IS NULL,
       0::pg_catalog.float8,
       'relation',
       h.awaited_mode,
       h.name
FROM held AS h
LEFT JOIN activity AS a ON a.pid = h.leader
LEFT JOIN lock AS t
    ON h.leader IS NULL AND t.pid IS NULL AND t.locktype = 'transactionid'
    AND t.virtualtransaction = h.virtualtransaction
LEFT JOIN pg_catalog.pg_prepared_xacts AS x ON x.transaction = t.transactionid
ORDER BY coalesce(a.xact_start, x.prepared), h.leader, x.gid
LIMIT 50
