SELECT pg_catalog.current_setting('server_version'),
       pg_catalog.current_setting('cluster_name'),
       pg_catalog.current_database(),
       CURRENT_USER,
       pg_catalog.pg_backend_pid(),
       -- Microseconds since the server received the message of this query.
       (extract(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.statement_timestamp())
        OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8,
       -- Only of this session, if the role may see it.
       (SELECT version FROM pg_catalog.pg_stat_ssl WHERE pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid())
