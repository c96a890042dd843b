-- The process of this session, and the settings that let the server end it when its client is gone: a dead client is
-- noticed within a second, a cut line within a minute. One that is stopped releases its locks on tables after a minute,
-- and the koonj lock after five (since PostgreSQL 14); no pause of a run is longer than half a minute. They are set
-- here, unless shorter ones are. The name and value of each is returned, because RESET ALL undoes them. A Unix socket cannot
-- be cut.
SELECT
    pg_catalog.pg_backend_pid(),
    (
        SELECT (extract(epoch FROM a.backend_start) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8
        FROM pg_catalog.pg_stat_activity AS a
        WHERE a.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
    ),
    ARRAY(
        SELECT ARRAY[s.name, pg_catalog.set_config(
            s.name,
            CASE
                WHEN n.now OPERATOR(pg_catalog.>) 0 AND n.now OPERATOR(pg_catalog.<) s.longest THEN n.now
                ELSE s.longest
            END::pg_catalog.text,
            false
        )]
        FROM (
            VALUES ('client_connection_check_interval', 1000, false, %(can_check)s),
                   ('idle_in_transaction_session_timeout', 60000, false, %(ends_if_idle)s),
                   ('idle_session_timeout', 300000, false, %(ends_if_idle)s),
                   ('tcp_keepalives_idle', 30, true, true),
                   ('tcp_keepalives_interval', 10, true, true),
                   ('tcp_keepalives_count', 3, true, true),
                   ('tcp_user_timeout', 60000, true, true)
        ) AS s (name, longest, of_line, can_be_set)
        CROSS JOIN LATERAL (SELECT pg_catalog.current_setting(s.name, true)) AS t (text)
        CROSS JOIN LATERAL (
            SELECT CASE
                WHEN s.of_line THEN t.text::pg_catalog.int8
                ELSE (extract(epoch FROM t.text::pg_catalog.interval) OPERATOR(pg_catalog.*) 1000)::pg_catalog.int8
            END
        ) AS n (now)
        WHERE t.text IS NOT NULL
          AND CASE WHEN s.of_line THEN pg_catalog.inet_client_addr() IS NOT NULL ELSE s.can_be_set END
    )
