-- Who holds the lock of yoyo, and since when.
SELECT 'process ' OPERATOR(pg_catalog.||) pid::pg_catalog.text,
       pg_catalog.to_char(ctime, 'YYYY-MM-DD HH24:MI:SS') OPERATOR(pg_catalog.||) ' UTC'
FROM {lock}
LIMIT 1
