activity AS MATERIALIZED (
    SELECT a.* FROM pg_catalog.pg_stat_activity AS a
),
-- pg_blocking_pids() returns the leader of parallel workers, also if a worker holds the lock or waits for it.
lock AS MATERIALIZED (
    SELECT l.*, coalesce(a.leader_pid, l.pid) AS leader
    FROM pg_catalog.pg_locks AS l
    LEFT JOIN activity AS a ON a.pid = l.pid
),
