-- What of a target can make a planned migration fail or wait: rights of the current role, room for locks, standbys
-- behind, transactions that a CONCURRENTLY statement waits for, autovacuums that do not step aside.
-- Only catalogs and statistics are read. Run it with an empty search_path, so that all operators are those of
-- pg_catalog.
WITH altered AS (
    SELECT a.name, pg_catalog.pg_get_userbyid(c.relowner)::pg_catalog.text AS owner
    FROM pg_catalog.unnest(%(altered)s::pg_catalog.text[]) AS a(name)
    CROSS JOIN LATERAL pg_catalog.parse_ident(a.name) AS part
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = part[1]::pg_catalog.name
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = part[2]::pg_catalog.name
    WHERE NOT pg_catalog.pg_has_role(c.relowner, 'USAGE') AND NOT pg_catalog.pg_has_role(n.nspowner, 'USAGE')
),
created AS (
    SELECT a.name, n.nspname::pg_catalog.text AS schema
    FROM pg_catalog.unnest(%(created)s::pg_catalog.text[]) AS a(name)
    CROSS JOIN LATERAL pg_catalog.parse_ident(a.name) AS part
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = part[1]::pg_catalog.name
    WHERE NOT pg_catalog.has_schema_privilege(n.oid, 'CREATE')
      AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_temp_')
),
urgent_vacuum AS (
    SELECT w.name, a.pid,
           extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::pg_catalog.float8 AS seconds
    FROM pg_catalog.unnest(%(locked)s::pg_catalog.text[]) AS w(name)
    CROSS JOIN LATERAL pg_catalog.parse_ident(w.name) AS part
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = part[1]::pg_catalog.name
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = part[2]::pg_catalog.name
    JOIN pg_catalog.pg_locks AS l
        ON l.locktype = 'relation' AND l.relation = c.oid AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted
        AND l.database = (
            SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()
        )
    JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
    WHERE a.backend_type = 'autovacuum worker' AND a.query LIKE '%%(to prevent wraparound)%%'
),
open_transaction AS (
    SELECT 'pid ' || a.pid AS name, a.application_name AS application, a.usename::pg_catalog.text AS owner, a.state,
           a.xact_start AS began
    FROM pg_catalog.pg_stat_activity AS a
    WHERE a.datname = pg_catalog.current_database() AND a.backend_type = 'client backend'
      AND a.pid <> pg_catalog.pg_backend_pid() AND (a.backend_xmin IS NOT NULL OR a.backend_xid IS NOT NULL)
    UNION ALL
    SELECT 'prepared transaction ' || x.gid, '', x.owner::pg_catalog.text, 'prepared', x.prepared
    FROM pg_catalog.pg_prepared_xacts AS x WHERE x.database = pg_catalog.current_database()
),
oldest AS (
    SELECT o.name, o.application, o.owner, o.state,
           extract(epoch FROM pg_catalog.clock_timestamp() - o.began)::pg_catalog.float8 AS seconds
    FROM open_transaction AS o
    WHERE o.began < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %(old)s)
    ORDER BY o.began
    LIMIT 3
)
SELECT CURRENT_USER::pg_catalog.text,
       (SELECT pg_catalog.json_object_agg(a.name, a.owner) FROM altered AS a),
       (SELECT pg_catalog.json_object_agg(c.name, c.schema) FROM created AS c),
       (SELECT pg_catalog.json_agg(
            pg_catalog.json_build_array(o.name, o.application, o.owner, o.state, o.seconds) ORDER BY o.seconds DESC
        ) FROM oldest AS o),
       (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(u.name, u.pid, u.seconds) ORDER BY u.name)
        FROM urgent_vacuum AS u),
       -- The shared lock table has room for at least so many locks
       -- (https://www.postgresql.org/docs/current/runtime-config-locks.html).
       pg_catalog.current_setting('max_locks_per_transaction')::pg_catalog.int8
       * (pg_catalog.current_setting('max_connections')::pg_catalog.int8
          + pg_catalog.current_setting('max_prepared_transactions')::pg_catalog.int8),
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_replication AS r),
       (SELECT extract(epoch FROM pg_catalog.max(r.replay_lag))::pg_catalog.float8
        FROM pg_catalog.pg_stat_replication AS r)
