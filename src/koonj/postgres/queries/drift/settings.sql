-- Each setting as the session has it, and as one has it where neither a role, a database nor a client sets it; where
-- one of these does, what the server's configuration file says cannot be seen by everybody.
SELECT s.name, s.setting,
       CASE WHEN s.source OPERATOR(pg_catalog.=) ANY (ARRAY['database', 'user', 'database user', 'client'])
            THEN s.boot_val ELSE s.setting END
FROM pg_catalog.pg_settings AS s WHERE s.name OPERATOR(pg_catalog.=) ANY (%s)
