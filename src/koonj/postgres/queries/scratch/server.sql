-- Whether rehearsals can run on this server with this role.
SELECT pg_catalog.current_setting('server_version'),
       r.rolname,
       r.rolcreatedb OR r.rolsuper,
       pg_catalog.pg_is_in_recovery(),
       pg_catalog.pg_encoding_to_char(d.encoding),
       pg_catalog.pg_backend_pid()
FROM pg_catalog.pg_roles AS r, pg_catalog.pg_database AS d
WHERE r.rolname OPERATOR(pg_catalog.=) CURRENT_USER AND d.datname OPERATOR(pg_catalog.=) 'template0'
