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
       END
