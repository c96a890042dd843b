-- The session's search_path, the one that a session gets where nothing sets one (as far as this session can tell),
-- and who acts.
SELECT s.setting,
       CASE WHEN s.source IN ('default', 'configuration file', 'command line', 'environment variable')
            THEN s.setting ELSE s.boot_val END,
       CURRENT_USER::pg_catalog.text
FROM pg_catalog.pg_settings AS s WHERE s.name OPERATOR(pg_catalog.=) 'search_path'
