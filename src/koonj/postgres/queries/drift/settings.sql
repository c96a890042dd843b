-- Each setting with its value in this session, and its value without settings of a role, a database or a client. If
-- one of these sets it, not every role can read the value of the configuration file; then the built-in value is used.
SELECT s.name, s.setting,
       CASE WHEN s.source OPERATOR(pg_catalog.=) ANY (ARRAY['database', 'user', 'database user', 'client'])
            THEN s.boot_val ELSE s.setting END
FROM pg_catalog.pg_settings AS s WHERE s.name OPERATOR(pg_catalog.=) ANY (%s)
