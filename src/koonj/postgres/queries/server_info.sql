SELECT pg_catalog.current_setting('server_version'),
       pg_catalog.current_setting('cluster_name'),
       pg_catalog.current_database(),
       CURRENT_USER,
       pg_catalog.pg_backend_pid()
