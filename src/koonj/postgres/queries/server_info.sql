SELECT pg_catalog.current_setting('server_version'),
       pg_catalog.current_setting('cluster_name'),
       pg_catalog.current_database(),
       CURRENT_USER,
       pg_catalog.pg_backend_pid(),
       -- Microseconds since the server received the message of this query.
       (extract(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.statement_timestamp())
        OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8,
       -- Only of this session, if the role may see it.
       (SELECT version FROM pg_catalog.pg_stat_ssl WHERE pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()),
       (SELECT oid FROM pg_catalog.pg_database WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database()),
       (SELECT c.oid
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
        WHERE n.nspname OPERATOR(pg_catalog.=) 'koonj' AND c.relname OPERATOR(pg_catalog.=) 'history'),
       -- A function that the role may not execute is an error even where it is not reached. So its name is in a
       -- text, which ts_stat, a function of every PostgreSQL, runs as a query only when it is reached.
       CASE WHEN pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE') THEN
           (SELECT word
            FROM pg_catalog.ts_stat('SELECT pg_catalog.array_to_tsvector(ARRAY[system_identifier::pg_catalog.text]) '
                                    'FROM pg_catalog.pg_control_system()'))
       END,
       pg_catalog.pg_is_in_recovery(),
       k.aurora,
       (SELECT extversion FROM pg_catalog.pg_extension WHERE extname OPERATOR(pg_catalog.=) 'citus'),
       -- Seconds that this standby is behind; NULL: it is none, or it is unknown. As texts again, also because other
       -- servers then need no time to plan them.
       CASE WHEN pg_catalog.pg_is_in_recovery() THEN
           (SELECT pg_catalog.min(word::pg_catalog.float8)
            FROM pg_catalog.ts_stat(
                CASE
                -- The functions of a standby raise an error in Aurora, which has its own; both are built in.
                WHEN NOT k.aurora THEN $standby$
                    SELECT pg_catalog.array_to_tsvector(ARRAY[s.seconds::pg_catalog.text])
                    FROM (
                        SELECT CASE
                            WHEN pg_catalog.pg_last_wal_receive_lsn()
                                 OPERATOR(pg_catalog.=) pg_catalog.pg_last_wal_replay_lsn() THEN 0
                            ELSE extract(epoch FROM pg_catalog.clock_timestamp()
                                         OPERATOR(pg_catalog.-) pg_catalog.pg_last_xact_replay_timestamp())
                        END AS seconds
                        -- Without a line to the primary, nobody knows what is missing.
                        FROM pg_catalog.pg_stat_wal_receiver
                    ) AS s
                    WHERE s.seconds IS NOT NULL
                $standby$
                WHEN pg_catalog.has_function_privilege(
                         pg_catalog.to_regprocedure('pg_catalog.aurora_replica_status()')::pg_catalog.oid, 'EXECUTE'
                     )
                     AND pg_catalog.has_function_privilege(
                         pg_catalog.to_regprocedure('pg_catalog.aurora_db_instance_identifier()')::pg_catalog.oid,
                         'EXECUTE'
                     )
                THEN $aurora$
                    SELECT pg_catalog.array_to_tsvector(
                        ARRAY[(replica_lag_in_msec OPERATOR(pg_catalog./) 1000)::pg_catalog.text]
                    )
                    FROM pg_catalog.aurora_replica_status()
                    WHERE replica_lag_in_msec IS NOT NULL
                      AND server_id::pg_catalog.text
                          OPERATOR(pg_catalog.=) pg_catalog.aurora_db_instance_identifier()::pg_catalog.text
                $aurora$
                ELSE 'SELECT NULL::pg_catalog.tsvector WHERE false'
                END
            ))
       END,
       EXISTS (SELECT FROM pg_catalog.pg_publication),
       EXISTS (SELECT FROM pg_catalog.pg_subscription_rel)
FROM (
    -- aurora_version() is not in pg_proc of all versions; the setting is how AWS's own drivers tell it.
    SELECT pg_catalog.to_regprocedure('pg_catalog.aurora_version()') IS NOT NULL
           OR pg_catalog.strpos(
                  coalesce(pg_catalog.current_setting('rds.extensions', true), ''), 'aurora_stat_utils'
              ) OPERATOR(pg_catalog.>) 0 AS aurora
) AS k
