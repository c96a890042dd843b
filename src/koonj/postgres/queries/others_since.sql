SELECT 1
FROM koonj.history
WHERE id OPERATOR(pg_catalog.>) %(id)s AND run_id OPERATOR(pg_catalog.<>) %(run_id)s
LIMIT 1
