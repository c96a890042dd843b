-- The sessions %(pids)s, and whether this role may cancel their statement or end them: the rule of
-- pg_terminate_backend(). A process without a user is an autovacuum worker or another process of the server; since
-- PostgreSQL 18 a role can have the right to signal an autovacuum worker. Run it with an empty search_path.
WITH me AS (
    SELECT pg_catalog.bool_or(r.rolsuper) AS is_superuser
    FROM pg_catalog.pg_roles AS r
    WHERE r.rolname = CURRENT_USER
),
given AS (
    SELECT r.rolname
    FROM pg_catalog.pg_roles AS r
    WHERE r.rolname IN ('pg_signal_backend', 'pg_signal_autovacuum_worker')
      AND pg_catalog.pg_has_role(r.oid, 'USAGE')
)
SELECT a.pid,
       (extract(epoch FROM a.backend_start) * 1000000)::pg_catalog.int8,
       a.usename::pg_catalog.text,
       a.application_name,
       CASE WHEN a.backend_type IS NOT NULL THEN coalesce(pg_catalog.host(a.client_addr), 'local') END,
       a.state,
       extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::pg_catalog.float8,
       extract(epoch FROM pg_catalog.clock_timestamp() - a.state_change)::pg_catalog.float8,
       CASE WHEN a.backend_type IS NOT NULL THEN pg_catalog.left(a.query, 1000) END,
       a.backend_type IS NULL,
       CASE
           WHEN (SELECT m.is_superuser FROM me AS m) THEN 'granted'
           WHEN a.usesysid IS NULL THEN CASE
               WHEN EXISTS (SELECT FROM given AS g WHERE g.rolname = 'pg_signal_autovacuum_worker') THEN 'granted'
               ELSE 'server_process'
           END
           WHEN (SELECT r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.oid = a.usesysid) THEN 'superuser'
           WHEN pg_catalog.pg_has_role(a.usesysid, 'USAGE') THEN 'granted'
           WHEN EXISTS (SELECT FROM given AS g WHERE g.rolname = 'pg_signal_backend') THEN 'granted'
           ELSE 'other_role'
       END
FROM pg_catalog.pg_stat_activity AS a
WHERE a.pid = ANY (%(pids)s::pg_catalog.int4[])
  AND a.pid <> pg_catalog.pg_backend_pid()
