-- Who holds yoyo's lock, and since when, in UTC. The row stays if that process is killed.
SELECT pid::pg_catalog.int8, pg_catalog.to_char(ctime, 'YYYY-MM-DD HH24:MI:SS') FROM {table} ORDER BY locked LIMIT 1
