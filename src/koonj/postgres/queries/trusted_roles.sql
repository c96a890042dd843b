-- The roles from whose tables koonj reads a history: superusers, the owner of the database, and the role that connected.
trusted AS (
    SELECT r.oid
    FROM pg_catalog.pg_roles AS r
    WHERE r.rolsuper
       OR r.rolname OPERATOR(pg_catalog.=) SESSION_USER
       OR r.rolname OPERATOR(pg_catalog.=) CURRENT_USER
       OR r.rolname OPERATOR(pg_catalog.=) 'pg_database_owner'
    UNION ALL
    SELECT d.datdba
    FROM pg_catalog.pg_database AS d
    WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
),
