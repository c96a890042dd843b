-- Size, use and lock holders of some relations and of the partitions below them. No function here opens a
-- relation: pg_relation_size(), pg_partition_tree() and to_regclass() would wait for its lock, or require a grant.
-- For tables that were never analyzed see sizes_of_files.sql.
-- Run it with an empty search_path, so that all operators are those of pg_catalog.
WITH RECURSIVE asked AS (
    SELECT a.name, c.oid, c.relkind
    FROM pg_catalog.unnest(%(names)s::pg_catalog.text[]) AS a(name)
    CROSS JOIN LATERAL pg_catalog.parse_ident(a.name) AS part
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = part[1]::pg_catalog.name
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = part[2]::pg_catalog.name
    WHERE pg_catalog.cardinality(part) = 2 AND c.relkind <> 't'
),
above AS (
    SELECT a.oid AS asked, a.oid, 0 AS steps FROM asked AS a
    UNION ALL
    SELECT u.asked, i.inhparent, u.steps + 1
    FROM above AS u
    JOIN pg_catalog.pg_class AS c ON c.oid = u.oid AND c.relispartition
    JOIN pg_catalog.pg_inherits AS i ON i.inhrelid = u.oid
),
root AS (
    SELECT DISTINCT ON (u.asked) u.asked,
           pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name
    FROM above AS u
    JOIN pg_catalog.pg_class AS c ON c.oid = u.oid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE u.steps > 0 AND c.relkind = 'p'
    ORDER BY u.asked, u.steps DESC
),
below AS (
    SELECT a.oid AS asked, a.oid FROM asked AS a
    UNION
    SELECT b.asked, i.inhrelid
    FROM below AS b
    JOIN pg_catalog.pg_inherits AS i ON i.inhparent = b.oid
    JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid AND c.relispartition
),
part AS (
    SELECT b.asked,
           c.oid,
           c.relkind,
           c.relpages::pg_catalog.int8 AS pages,
           c.reltuples::pg_catalog.float8 AS counted,
           pg_catalog.pg_stat_get_live_tuples(c.oid) AS live,
           coalesce(toast.pages, 0) + coalesce(indexes.pages, 0) AS other_pages,
           pg_catalog.pg_stat_get_numscans(c.oid) + coalesce(indexes.scans, 0) AS scans,
           pg_catalog.pg_stat_get_tuples_inserted(c.oid) + pg_catalog.pg_stat_get_tuples_updated(c.oid)
           + pg_catalog.pg_stat_get_tuples_deleted(c.oid) AS writes
    FROM below AS b
    JOIN pg_catalog.pg_class AS c ON c.oid = b.oid
    -- ANALYZE skips TOAST tables. Before the first VACUUM only the number of rows is known: four fit on a page.
    LEFT JOIN LATERAL (
        SELECT CASE WHEN t.relpages > 0 THEN t.relpages::pg_catalog.int8
                    ELSE (pg_catalog.pg_stat_get_live_tuples(t.oid) + 3) / 4 END AS pages
        FROM pg_catalog.pg_class AS t WHERE t.oid = c.reltoastrelid
    ) AS toast ON true
    LEFT JOIN LATERAL (
        SELECT pg_catalog.sum(x.relpages)::pg_catalog.int8 AS pages,
               pg_catalog.sum(pg_catalog.pg_stat_get_numscans(x.oid))::pg_catalog.int8 AS scans
        FROM pg_catalog.pg_index AS i
        JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
        WHERE i.indrelid = c.oid
    ) AS indexes ON true
),
-- If the rows of a table were never counted, reltuples is -1 (before PostgreSQL 14: 0, and relpages is 0). The row
-- count of the statistics can be higher; it is 0 after a crash.
measured AS (
    SELECT p.asked, p.oid, p.pages, p.counted, p.live, p.other_pages, p.scans, p.writes,
           p.relkind IN ('r', 'm', 'i', 'f') AS holds_rows,
           p.relkind IN ('r', 'm', 'i') AS has_storage,
           p.pages = 0 AND (p.counted < 0 OR p.live > 0
               OR pg_catalog.current_setting('server_version_num')::pg_catalog.int4 < 140000) AS is_unknown
    FROM part AS p
),
size AS (
    SELECT m.asked,
           pg_catalog.sum(m.pages + m.other_pages) FILTER (WHERE m.has_storage AND NOT m.is_unknown)
               * pg_catalog.current_setting('block_size')::pg_catalog.int8 AS bytes,
           pg_catalog.sum(greatest(m.counted, m.live, 0))
               FILTER (WHERE m.holds_rows AND (m.live > 0 OR NOT m.is_unknown)) AS tuples,
           pg_catalog.count(*) FILTER (WHERE m.holds_rows) AS tables,
           pg_catalog.array_agg(m.oid) FILTER (WHERE m.has_storage AND m.is_unknown) AS unmeasured,
           pg_catalog.sum(m.scans)::pg_catalog.int8 AS scans,
           pg_catalog.sum(m.writes)::pg_catalog.int8 AS writes
    FROM measured AS m
    GROUP BY m.asked
),
every_lock AS MATERIALIZED (
    SELECT l.locktype, l.database, l.relation, l.transactionid, l.virtualtransaction, l.pid, l.granted, l.mode
    FROM pg_catalog.pg_locks AS l
    WHERE l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
),
lock AS (
    SELECT l.relation, l.virtualtransaction, l.pid, l.granted, l.mode
    FROM every_lock AS l
    WHERE l.locktype = 'relation'
      AND l.database = (
          SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()
      )
),
-- A prepared transaction has no pid. The lock on its own transaction id identifies it.
prepared AS (
    SELECT l.virtualtransaction, pg_catalog.min(x.prepared) AS prepared
    FROM every_lock AS l
    JOIN pg_catalog.pg_prepared_xacts AS x ON x.transaction = l.transactionid
    WHERE l.pid IS NULL AND l.locktype = 'transactionid'
    GROUP BY l.virtualtransaction
),
holder AS (
    SELECT DISTINCT b.asked, l.virtualtransaction, l.pid, l.granted,
           coalesce(s.application_name, '') AS application_name,
           coalesce(s.xact_start, x.prepared) AS started,
           v.pid AS vacuum
    FROM below AS b
    JOIN lock AS l ON l.relation = b.oid
    LEFT JOIN pg_catalog.pg_stat_activity AS s ON s.pid = l.pid
    LEFT JOIN prepared AS x ON l.pid IS NULL AND x.virtualtransaction = l.virtualtransaction
    LEFT JOIN pg_catalog.pg_stat_progress_vacuum AS v ON v.pid = l.pid AND l.mode <> 'AccessShareLock'
    WHERE s.leader_pid IS NULL
),
use AS (
    SELECT h.asked,
           pg_catalog.count(DISTINCT h.virtualtransaction) FILTER (WHERE h.granted) AS sessions,
           pg_catalog.count(DISTINCT h.virtualtransaction) FILTER (WHERE NOT h.granted) AS waiting,
           pg_catalog.count(DISTINCT h.virtualtransaction)
               FILTER (WHERE h.granted AND h.started IS NULL) AS hidden,
           pg_catalog.min(h.vacuum) AS vacuum
    FROM holder AS h
    GROUP BY h.asked
),
oldest AS (
    SELECT DISTINCT ON (h.asked) h.asked, h.pid, h.application_name,
           extract(epoch FROM pg_catalog.clock_timestamp() - h.started)::pg_catalog.float8 AS seconds
    FROM holder AS h
    WHERE h.granted AND h.started IS NOT NULL
    ORDER BY h.asked, h.started, h.pid
)
SELECT a.name,
       a.relkind::pg_catalog.text,
       r.name,
       z.bytes::pg_catalog.int8,
       z.tuples::pg_catalog.int8,
       z.tables::pg_catalog.int4,
       coalesce(z.unmeasured, '{}')::pg_catalog.oid[],
       coalesce(u.sessions, 0)::pg_catalog.int4,
       coalesce(u.waiting, 0)::pg_catalog.int4,
       coalesce(u.hidden, 0)::pg_catalog.int4,
       o.pid,
       o.application_name,
       o.seconds,
       u.vacuum,
       z.scans,
       z.writes,
       extract(epoch FROM pg_catalog.clock_timestamp() - (
           SELECT pg_catalog.pg_stat_get_db_stat_reset_time(d.oid)
           FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()
       ))::pg_catalog.float8
FROM asked AS a
JOIN size AS z ON z.asked = a.oid
LEFT JOIN root AS r ON r.asked = a.oid
LEFT JOIN use AS u ON u.asked = a.oid
LEFT JOIN oldest AS o ON o.asked = a.oid
