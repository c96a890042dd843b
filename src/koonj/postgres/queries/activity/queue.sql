-- How many sessions wait for a lock on a relation because the session %(pid)s holds it, or waits for it before them;
-- and how long the first of them has waited. Before PostgreSQL 14, a lock does not say since when it is awaited;
-- then the start of the statement counts. Run it with an empty search_path.
WITH conflict (mode, others) AS (
    VALUES ('AccessShareLock', '{AccessExclusiveLock}'::pg_catalog.text[]),
           ('RowShareLock', '{ExclusiveLock,AccessExclusiveLock}'),
           ('RowExclusiveLock', '{ShareLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}'),
           ('ShareUpdateExclusiveLock',
            '{ShareUpdateExclusiveLock,ShareLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}'),
           ('ShareLock',
            '{RowExclusiveLock,ShareUpdateExclusiveLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}'),
           ('ShareRowExclusiveLock',
            '{RowExclusiveLock,ShareUpdateExclusiveLock,ShareLock,ShareRowExclusiveLock,ExclusiveLock,'
            'AccessExclusiveLock}'),
           ('ExclusiveLock',
            '{RowShareLock,RowExclusiveLock,ShareUpdateExclusiveLock,ShareLock,ShareRowExclusiveLock,'
            'ExclusiveLock,AccessExclusiveLock}'),
           ('AccessExclusiveLock',
            '{AccessShareLock,RowShareLock,RowExclusiveLock,ShareUpdateExclusiveLock,ShareLock,'
            'ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}')
),
lock AS MATERIALIZED (
    SELECT l.database, l.relation, l.pid, l.mode, l.granted, coalesce(a.leader_pid, l.pid) AS leader,
           coalesce(
               (pg_catalog.to_jsonb(l) ->> 'waitstart')::pg_catalog.timestamptz,
               a.query_start
           ) AS since
    FROM pg_catalog.pg_locks AS l
    LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
    WHERE l.locktype = 'relation'
),
behind AS (
    SELECT w.leader, pg_catalog.min(w.since) AS since
    FROM lock AS o
    JOIN conflict AS c ON c.mode = o.mode
    JOIN lock AS w
        ON w.database = o.database AND w.relation = o.relation AND NOT w.granted AND w.leader <> o.leader
        AND w.mode = ANY (c.others) AND (o.granted OR w.since >= o.since)
    WHERE o.leader = %(pid)s::pg_catalog.int4
    GROUP BY w.leader
)
SELECT pg_catalog.count(*)::pg_catalog.int4,
       coalesce(
           extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.min(b.since)), 0
       )::pg_catalog.float8
FROM behind AS b
