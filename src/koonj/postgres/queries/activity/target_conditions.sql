-- What of a target can make a planned migration fail or wait: rights of the current role, room for locks, standbys
-- behind, transactions that a CONCURRENTLY statement waits for, autovacuums that do not step aside.
-- Only catalogs and statistics are read. Run it with an empty search_path, so that all operators are those of
-- pg_catalog.
WITH owned AS (
    SELECT w.name, w.dropped, c.relowner, n.nspowner
    FROM (
        SELECT a.name, false FROM pg_catalog.unnest(%(altered)s::pg_catalog.text[]) AS a(name)
        UNION ALL
        SELECT d.name, true FROM pg_catalog.unnest(%(dropped)s::pg_catalog.text[]) AS d(name)
    ) AS w(name, dropped)
    CROSS JOIN LATERAL pg_catalog.parse_ident(w.name) AS part
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = part[1]::pg_catalog.name
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = part[2]::pg_catalog.name
    WHERE NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
),
owners AS (
    -- The owner of a schema may drop a table of somebody else, and not alter it.
    SELECT o.name, r.rolname::pg_catalog.text AS owner, r.rolsuper,
           pg_catalog.pg_has_role(
               SESSION_USER, r.oid,
               CASE WHEN pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 160000
                   THEN 'SET' ELSE 'MEMBER' END
           ) AS may_become
    FROM owned AS o
    JOIN pg_catalog.pg_roles AS r ON r.oid = o.relowner
    WHERE NOT (o.dropped AND pg_catalog.pg_has_role(o.nspowner, 'USAGE'))
),
created AS (
    SELECT a.name, n.nspname::pg_catalog.text AS schema
    FROM pg_catalog.unnest(%(created)s::pg_catalog.text[]) AS a(name)
    CROSS JOIN LATERAL pg_catalog.parse_ident(a.name) AS part
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = part[1]::pg_catalog.name
    WHERE NOT pg_catalog.has_schema_privilege(n.oid, 'CREATE')
      AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_temp_')
),
unreferenced AS (
    -- A foreign key to a partitioned table needs no right on its partitions.
    SELECT a.name
    FROM pg_catalog.unnest(%(referenced)s::pg_catalog.text[]) AS a(name)
    CROSS JOIN LATERAL pg_catalog.parse_ident(a.name) AS part
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = part[1]::pg_catalog.name
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = part[2]::pg_catalog.name
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND NOT pg_catalog.has_any_column_privilege(c.oid, 'REFERENCES')
),
service AS (
    -- Managed services let the members of a role create extensions that need a superuser.
    SELECT r.rolname::pg_catalog.text AS name, pg_catalog.pg_has_role(r.oid, 'MEMBER') AS member
    FROM pg_catalog.pg_roles AS r
    WHERE r.rolname IN ('rds_superuser', 'cloudsqlsuperuser', 'azure_pg_admin')
),
extension AS (
    SELECT w.name, v.trusted, (SELECT pg_catalog.min(s.name) FROM service AS s) AS service
    FROM ROWS FROM (
        pg_catalog.unnest(%(extensions)s::pg_catalog.text[]), pg_catalog.unnest(%(versions)s::pg_catalog.text[])
    ) AS w(name, version)
    JOIN pg_catalog.pg_available_extensions AS a ON a.name = w.name::pg_catalog.name
    JOIN pg_catalog.pg_available_extension_versions AS v
        ON v.name = a.name AND v.version = coalesce(w.version, a.default_version)
    WHERE pg_catalog.cardinality(%(extensions)s::pg_catalog.text[]) > 0
      AND v.superuser AND a.installed_version IS NULL
      AND CASE WHEN v.trusted
          THEN NOT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
          -- Where a service or a library decides in another way, it is unknown.
          ELSE NOT EXISTS (SELECT FROM service AS s WHERE s.member)
               AND NOT EXISTS (
                   SELECT FROM pg_catalog.pg_roles AS r
                   WHERE r.rolname IN ('supabase_admin', 'neon_superuser', 'alloydbsuperuser', 'doadmin', 'avnadmin')
               )
               AND pg_catalog.current_setting('supautils.privileged_extensions', true) IS NULL
               AND pg_catalog.current_setting('extwlist.extensions', true) IS NULL
          END
),
role AS (
    SELECT r.rolsuper, r.rolinherit, r.rolcreaterole FROM pg_catalog.pg_roles AS r WHERE r.rolname = CURRENT_USER
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
),
-- Readers of Aurora are no standbys of pg_stat_replication. The function is only there, so its name is in a text, which
-- ts_stat, a function of every PostgreSQL, runs as a query.
aurora_reader AS (
    SELECT pg_catalog.split_part(s.word, ' ', 1) AS lag
    FROM pg_catalog.ts_stat(
        CASE WHEN pg_catalog.has_function_privilege(
                      pg_catalog.to_regprocedure('pg_catalog.aurora_replica_status()')::pg_catalog.oid, 'EXECUTE'
                  )
        THEN 'SELECT pg_catalog.array_to_tsvector(ARRAY[coalesce(replica_lag_in_msec::pg_catalog.text, '''')'
             ' || '' '' || server_id]) FROM pg_catalog.aurora_replica_status() '
             'WHERE session_id <> ''MASTER_SESSION_ID'''
        ELSE 'SELECT NULL::pg_catalog.tsvector WHERE false'
        END
    ) AS s
)
SELECT pg_catalog.json_build_object(
           'role', pg_catalog.quote_ident(CURRENT_USER),
           'login', pg_catalog.quote_ident(SESSION_USER),
           'inherits', r.rolinherit,
           'database', pg_catalog.quote_ident(pg_catalog.current_database()),
           'create_in_database', pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'),
           'create_roles', r.rolsuper OR r.rolcreaterole,
           'owners', (
               SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
                   o.name, o.owner, pg_catalog.quote_ident(o.owner), o.rolsuper, o.may_become
               )) FROM owners AS o
           ),
           'closed', (
               SELECT pg_catalog.json_agg(pg_catalog.json_build_array(c.name, pg_catalog.quote_ident(c.schema)))
               FROM created AS c
           ),
           'unreferenced', (SELECT pg_catalog.json_agg(u.name) FROM unreferenced AS u),
           'extensions', (
               SELECT pg_catalog.json_agg(pg_catalog.json_build_array(e.name, e.trusted, e.service))
               FROM extension AS e WHERE NOT r.rolsuper
           )
       ),
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
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_replication AS r)
       + (SELECT pg_catalog.count(*) FROM aurora_reader AS a),
       (SELECT pg_catalog.max(l.seconds) FROM (
            SELECT extract(epoch FROM r.replay_lag)::pg_catalog.float8 AS seconds
            FROM pg_catalog.pg_stat_replication AS r
            UNION ALL
            SELECT nullif(a.lag, '')::pg_catalog.float8 / 1000 FROM aurora_reader AS a
        ) AS l)
FROM role AS r
