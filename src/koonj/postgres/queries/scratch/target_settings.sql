-- Settings of ALTER DATABASE (SET) for all roles in this database, as name=value.
SELECT c.entry
FROM pg_catalog.pg_db_role_setting AS s
JOIN pg_catalog.pg_database AS d ON d.oid OPERATOR(pg_catalog.=) s.setdatabase
CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c(entry)
WHERE s.setrole OPERATOR(pg_catalog.=) 0
  AND d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
