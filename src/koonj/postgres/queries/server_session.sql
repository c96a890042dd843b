-- The session that runs now: its pid, when it began, and whether it looks for its client.
SELECT
    pg_catalog.pg_backend_pid(),
    (
        SELECT (extract(epoch FROM a.backend_start) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8
        FROM pg_catalog.pg_stat_activity AS a
        WHERE a.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
    ),
    coalesce(
        pg_catalog.current_setting('client_connection_check_interval', true) OPERATOR(pg_catalog.<>) '0', false
    )
