-- Who is in the way of the session %(pid)s, four steps deep, and for which lock. One row for each of them and each
-- prepared transaction, which has no pid: pg_blocking_pids() returns 0 for it. A session comes once, at its first
-- step. Run it with an empty search_path, so that all operators are those of pg_catalog.
WITH RECURSIVE step (depth, pids, waiters, seen) AS (
    SELECT 0, ARRAY[%(pid)s::pg_catalog.int4], ARRAY[NULL::pg_catalog.int4], ARRAY[%(pid)s::pg_catalog.int4]
    UNION ALL
    SELECT s.depth + 1, n.pids, n.waiters, s.seen || n.pids
    FROM step AS s
    CROSS JOIN LATERAL (
        SELECT pg_catalog.array_agg(f.pid ORDER BY f.pid) AS pids,
               pg_catalog.array_agg(f.waiter ORDER BY f.pid) AS waiters
        FROM (
            SELECT b.pid, pg_catalog.min(w.pid) AS waiter
            FROM pg_catalog.unnest(s.pids) AS w(pid)
            CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) AS b(pid)
            WHERE b.pid <> ALL (s.seen) AND b.pid <> pg_catalog.pg_backend_pid()
            GROUP BY b.pid
            ORDER BY b.pid
            LIMIT 50
        ) AS f
    ) AS n
    WHERE s.depth < 4 AND n.pids IS NOT NULL
),
edge AS (
    SELECT s.depth, u.pid, u.waiter
    FROM step AS s
    CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(s.pids), pg_catalog.unnest(s.waiters)) AS u(pid, waiter)
    WHERE s.depth > 0
),
-- include activity/locks_of_leaders
awaited AS (
    SELECT DISTINCT ON (l.leader) l.*,
           -- PostgreSQL 13 does not say since when a lock is awaited.
           coalesce((pg_catalog.to_jsonb(l) ->> 'waitstart')::pg_catalog.timestamptz, (
               SELECT a.query_start FROM activity AS a WHERE a.pid = l.pid
           )) AS since,
           -- For a row, the session waits for a transaction, and has locked the row for itself.
           coalesce(l.relation, (
               SELECT pg_catalog.min(t.relation::pg_catalog.int8)::pg_catalog.oid FROM lock AS t
               WHERE t.leader = l.leader AND t.locktype = 'tuple' AND t.granted
           )) AS about
    FROM lock AS l
    WHERE NOT l.granted
    ORDER BY l.leader, l.locktype, l.relation
),
held AS (
    SELECT e.depth, e.pid, e.waiter, w.locktype AS awaited_type, w.mode AS awaited_mode, w.since, w.about,
           h.mode, h.granted,
           h.virtualtransaction,
           pg_catalog.row_number() OVER (
               PARTITION BY e.pid, CASE WHEN e.pid = 0 THEN h.virtualtransaction END
               ORDER BY h.granted DESC, h.mode = 'AccessExclusiveLock' DESC, h.mode = 'ExclusiveLock' DESC,
                        h.mode = 'ShareRowExclusiveLock' DESC, h.mode = 'ShareLock' DESC,
                        h.mode = 'ShareUpdateExclusiveLock' DESC, h.mode = 'RowExclusiveLock' DESC,
                        h.mode = 'RowShareLock' DESC
           ) AS place
    FROM edge AS e
    LEFT JOIN awaited AS w ON w.leader = e.waiter
    LEFT JOIN lock AS h
        ON (h.leader = e.pid OR (e.pid = 0 AND h.pid IS NULL))
        AND h.locktype = w.locktype
        AND h.database IS NOT DISTINCT FROM w.database
        AND h.relation IS NOT DISTINCT FROM w.relation
        AND h.page IS NOT DISTINCT FROM w.page
        AND h.tuple IS NOT DISTINCT FROM w.tuple
        AND h.virtualxid IS NOT DISTINCT FROM w.virtualxid
        AND h.transactionid IS NOT DISTINCT FROM w.transactionid
        AND h.classid IS NOT DISTINCT FROM w.classid
        AND h.objid IS NOT DISTINCT FROM w.objid
        AND h.objsubid IS NOT DISTINCT FROM w.objsubid
)
SELECT h.depth,
       h.waiter,
       nullif(h.pid, 0),
       x.gid,
       coalesce(a.usename, x.owner)::pg_catalog.text,
       a.application_name,
       CASE WHEN a.backend_type IS NOT NULL THEN coalesce(pg_catalog.host(a.client_addr), 'local') END,
       a.state,
       extract(epoch FROM pg_catalog.clock_timestamp() - coalesce(a.xact_start, x.prepared))::pg_catalog.float8,
       extract(epoch FROM pg_catalog.clock_timestamp() - a.state_change)::pg_catalog.float8,
       h.mode,
       coalesce(h.granted, true),
       CASE WHEN a.backend_type IS NOT NULL THEN pg_catalog.left(a.query, 1000) END,
       -- The server hides the type of a background process from some roles, but not that it belongs to no user.
       coalesce(a.backend_type = 'autovacuum worker', a.pid IS NOT NULL AND a.usesysid IS NULL),
       h.pid <> 0 AND a.backend_type IS NULL,
       extract(epoch FROM pg_catalog.clock_timestamp() - h.since)::pg_catalog.float8,
       h.awaited_type,
       h.awaited_mode,
       (
           SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
           FROM pg_catalog.pg_class AS c
           JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
           WHERE c.oid = h.about
       )
FROM held AS h
LEFT JOIN activity AS a ON a.pid = h.pid
LEFT JOIN pg_catalog.pg_locks AS t
    ON h.pid = 0 AND t.pid IS NULL AND t.locktype = 'transactionid'
    AND t.virtualtransaction = h.virtualtransaction
LEFT JOIN pg_catalog.pg_prepared_xacts AS x ON x.transaction = t.transactionid
WHERE h.place = 1
ORDER BY h.depth, coalesce(a.xact_start, x.prepared), h.pid, x.gid
